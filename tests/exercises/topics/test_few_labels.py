"""The race is judged on the run's own test part, and refuses runs that had more labels or other data."""

from types import SimpleNamespace

import pytest

from clearsight.base.errors import UsageError
from clearsight.classifier.learnt import Learnt
from clearsight.exercises.grading import grade_part
from clearsight.exercises.table import generate
from clearsight.exercises.topics import few_labels
from clearsight.recipes.recipe import Pretraining, Recipe


@pytest.fixture
def run(monkeypatch):
    """A run of 30 labels on the digits whose test accuracy is given; `asked` lists the parts that were judged."""
    state = SimpleNamespace(data="digits", labels=30, accuracy=0.9, asked=[])

    def divided(self):
        if self.folder.name == "nowhere":
            raise UsageError("no run")
        return {"data": state.data}, ""

    def choose(folder, data, part, quiet):
        state.asked.append((data, part))
        return SimpleNamespace(dataset=None)

    digests = {f"{i}": "train" for i in range(1000)}
    monkeypatch.setattr(few_labels.Run, "divided", divided)
    monkeypatch.setattr(
        few_labels, "learnt", lambda folder: Learnt(dict([*digests.items()][: state.labels]) | {"x": "unlabelled", "y": "seen"})
    )
    monkeypatch.setattr(few_labels, "load", lambda folder: None)
    monkeypatch.setattr(few_labels, "choose", choose)
    top1 = {"low": 0.8, "high": 0.95}
    monkeypatch.setattr(
        few_labels, "evaluate", lambda model, data, quiet: SimpleNamespace(figures={"top1": {"value": state.accuracy, **top1}})
    )
    return state


def test_the_goal_is_judged_once_on_the_held_back_part(run):
    assert few_labels.judged("runs/a", 30, 0.85) == (True, "90.0% of the test part (95 % interval 80.0% to 95.0%); reached 85%.")
    assert run.asked == [(None, "test")]
    run.accuracy = 0.8
    assert few_labels.judged("runs/a", 30, 0.85) == (False, "80.0% of the test part (95 % interval 80.0% to 95.0%); the goal is 85%.")


def test_rules_of_the_race(run):
    run.labels = 31
    assert "31 labels. At most 30" in few_labels.judged("runs/a", 30, 0.85).comment
    run.data = "fashion-mnist"
    assert "not from digits" in few_labels.judged("runs/a", 30, 0.85).comment
    assert "There is no run" in few_labels.judged("runs/nowhere", 30, 0.85).comment
    assert run.asked == []  # no test part is opened for them


def test_a_pretraining_costs_no_labels(run, monkeypatch):
    manifest = "name,label,part,digest,group\n" + "".join(f"{i},0,{'train' if i < 30 else 'unlabelled'},,\n" for i in range(60))
    features = Pretraining(), {}, manifest.replace("unlabelled", "train")
    runs = {"runs/head": (Recipe(from_="runs/features"), {}, manifest), "runs/features": features}
    monkeypatch.setattr(few_labels.Run, "reopen", lambda self: runs[str(self.folder)])
    run.labels = 60  # what the table of ancestors counts
    assert few_labels.judged("runs/head", 30, 0.85).right
    runs["runs/features"] = (Recipe(), *features[1:])
    assert "60 labels. At most 30" in few_labels.judged("runs/head", 30, 0.85).comment


def test_the_exercise_asks_for_a_run(run):
    made = generate("few-labels", 0)
    run.labels, run.accuracy = made.data["labels"], made.data["goal"]
    assert grade_part(made.parts[0], "runs/a").points == 4
    assert (made.data["labels"] // 10, made.data["goal"]) in few_labels.GOALS
