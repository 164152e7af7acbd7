"""The learner: what `labels errors` computes, in steps, and after each decision again."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from clearsight.datasets.decisions.journal import Entry
from clearsight.datasets.open import open_dataset
from clearsight.labels.label_errors import chosen_part, errors
from clearsight.labels.learner import Learner
from clearsight.training.api import designed
from tests.pictures import digit_folder


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    root = digit_folder(tmp_path_factory.mktemp("digits") / "scans", per_class=12, classes=3)
    (root / "zero" / "0001.png").rename(root / "two" / "planted.png")
    return root


def ready(learner):
    places = [learner.step(0.0)]
    while not places[-1].ready:
        places.append(learner.step(0.0))
        assert len(places) < 200
    return places


def decided(learner, made, seq):
    """`made` is row → kind or class."""
    entries = list(learner.entries)
    for row, what in made.items():
        kind = what if what in ("keep", "unsure", "leave out") else "label"
        entries[row] = Entry(kind, "", "", what if kind == "label" else "", seq=seq)
    learner.decide(entries, seq)
    ready(learner)
    return learner.queue()


@pytest.fixture(scope="module")
def learner(scans):
    data, _ = chosen_part(open_dataset(scans), "")
    made = Learner(data, designed(data))
    assert made.queue() == {"items": [], "left": 36, "estimate": None}
    places = ready(made)
    assert {place.what for place in places} >= {"sample", "heads", "ready"} and [place.done for place in places] != [36] * len(places)
    return made


def test_it_is_labels_errors_in_steps(learner, scans):
    wanted = errors(scans, quiet=True)
    queue, names = learner.queue(), [str(name) for name in learner.data.names]
    assert [names[item["row"]] for item in queue["items"]] == [row["picture"] for row in wanted.rows()]
    first = queue["items"][0]
    assert names[first["row"]] == "two/planted.png" and (first["given"], first["guess"]) == ("two", "zero") and first["flagged"]
    assert first["p"] == pytest.approx(wanted.row(1)["p_likely"], abs=1e-3)
    assert queue["estimate"]["low"] <= queue["estimate"]["n"] <= queue["estimate"]["high"]
    assert queue["estimate"]["n"] == pytest.approx(wanted.estimated) and queue["left"] == 36
    assert [names[row].partition("/")[0] for row in first["alike"]["zero"]] == ["zero"] * 3
    assert first["often"]["low"] <= first["often"]["value"] <= first["often"]["high"]


def test_decisions_leave_the_queue_and_the_estimate_falls(learner):
    before = learner.queue()
    rows = [item["row"] for item in before["items"]]
    after = decided(learner, {rows[0]: "zero", rows[1]: "keep", rows[2]: "unsure", rows[3]: "leave out"}, 4)
    assert after["left"] == before["left"] - 4 and not {*rows[:4]} & {item["row"] for item in after["items"]}
    assert after["estimate"]["n"] < before["estimate"]["n"]
    assert learner.usable[rows[:2]].all() and not learner.usable[rows[2:4]].any()
    new = decided(learner, {rows[4]: " new ", rows[5]: "new"}, 6)
    assert learner.classes == ("one", "two", "zero", "new") and new["left"] == after["left"] - 2
    assert learner.probabilities[:, 3].max() > 0 and np.allclose(learner.probabilities[learner.usable].sum(1), 1)
    learner.decide([None] * len(learner.data), 7)  # all undone
    ready(learner)
    assert learner.queue()["left"] == before["left"] and learner.classes == ("one", "two", "zero")


def test_without_labels_it_starts_by_name_and_guesses_after_two_classes(scans, tmp_path):
    shutil.copytree(scans, tmp_path / "scans")
    (tmp_path / "scans" / "one" / "broken.png").write_bytes(b"no picture")
    given = open_dataset(tmp_path / "scans")["all"]
    data = replace(given, classes=(), labels=np.full(37, -1))
    one = Learner(data, designed(given))
    first = one.queue()
    assert [item["row"] for item in first["items"]] == list(range(37)) and first["items"][0]["guess"] == ""
    ready(one)
    assert [str(data.names[row]) for row in one.unreadable] == ["one/broken.png"]
    by_class = {label: [i for i, name in enumerate(data.names) if str(name).startswith(label)] for label in ("one", "two", "zero")}
    assert {item["p"] for item in one.queue()["items"]} == {None}
    queue = decided(one, {row: label for label, rows in by_class.items() for row in rows[1:4]}, 9)
    right = [str(data.names[item["row"]]).startswith(item["guess"]) for item in one.queue(by_name=True)["items"]]
    assert (
        queue["left"] == 27
        and np.mean(right) > 0.7
        and [item["row"] for item in queue["items"]] != sorted(item["row"] for item in queue["items"])
    )
