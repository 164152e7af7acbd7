"""What validation decides in a training is what the artefact says it has; where it is to decide nothing, it does not."""

import itertools
from types import SimpleNamespace

import pytest

from clearsight.classifier import load
from clearsight.classifier.answers import stored
from clearsight.recipes.recipe import Recipe
from clearsight.training import api
from clearsight.training.api import train
from clearsight.training.objectives import adversarial, objective
from clearsight.training.publish import _decided
from tests.pictures import digit_arrays

DATA, FEW = digit_arrays(per_class=60), digit_arrays(per_class=20)  # 48 validation pictures, and 16


SETTINGS = {"model": "pixels", "epochs": 3, "batch": 64, "lr": 0.02, "speed": "plain", "quiet": True}


KINDS = {
    "best": ({}, {"epoch"}),
    "one epoch": ({"epochs": 1}, set()),
    "last": ({"keep": "last"}, set()),
    "labels": ({"labels": "10"}, set()),
    "plateau, patience": ({"schedule": "plateau", "patience": 3}, {"epoch", "learning rate", "length"}),
    "soup": ({"soup": 2}, {"epoch", "soup"}),
    "soup, last": ({"soup": 2, "keep": "last"}, set()),
    "solved": ({"optimizer": "lbfgs"}, {"l2"}),
    "solved, one strength": ({"optimizer": "lbfgs", "l2": 0.1}, set()),
    "solved, last": ({"optimizer": "lbfgs", "keep": "last"}, set()),
    "ensemble": ({"ensemble": 2}, {"epoch"}),
    "ensemble, last": ({"ensemble": 2, "keep": "last"}, set()),
    "ensemble, labels": ({"ensemble": 2, "labels": "10"}, set()),
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_accuracy_has_an_interval_where_validation_chose_nothing(kind, tmp_path):
    settings, chosen = KINDS[kind]
    trained = train(DATA, out=str(tmp_path / "run"), **SETTINGS | settings)
    found, classifier = trained.validation, load(trained.run)
    fitted = {"members", "temperature"} & set(found["decided"])
    assert set(found["decided"]) - fitted == chosen
    assert (classifier.temperature != 1) == ("temperature" in fitted)
    assert (found["top1"]["low"] is None) == bool(chosen) and ("reason" in found["top1"]) == bool(chosen)
    assert classifier.facts["validation"] == found
    answers = stored(classifier.facts, len(classifier.classes))
    assert (answers is None) == ("ensemble" in settings) and (not answers or sum(answers["confidences"]) == found["n"])
    card = (trained.run / "README.md").read_text()
    assert ("no interval: these pictures" in card) == bool(chosen) and ("not fitted" in card) == (not fitted)
    if settings.get("keep") == "last" or "labels" in settings:
        assert not found["decided"]


@pytest.mark.parametrize("way", [{"keep": "last"}, {"labels": "10"}])
@pytest.mark.parametrize("more", [{}, {"soup": 2}, {"optimizer": "lbfgs"}, {"perturb": "fgsm:0.1"}, {"ensemble": 2}])
def test_other_labels_of_validation_make_the_same_classifier(way, more, tmp_path, monkeypatch):
    """The promise itself: whatever validation says of the epochs, weights and temperature are the same."""
    real, draw = objective.scores, itertools.count()

    def other(logits, labels):
        return {**real(logits, labels), "val_accuracy": (next(draw) * 7 % 5) / 5}

    runs = []
    for k in range(2):
        with monkeypatch.context() as patch:
            if k:
                patch.setattr(objective, "scores", other)
                patch.setattr("clearsight.training.transfer.linear_probe.scores", other)
                patch.setattr("clearsight.training.publish.fit_temperature", lambda *_: 9.0)
                patch.setattr("clearsight.training.ensemble.fit_temperature", lambda *_: 9.0)
                patch.setattr(adversarial, "robust_accuracy", lambda *_: next(draw) * 7 % 5 / 5)
            runs.append(train(DATA, out=str(tmp_path / str(k)), **SETTINGS | way | more))
    one, two = runs
    assert (one.run / "model.safetensors").read_bytes() == (two.run / "model.safetensors").read_bytes()
    assert one.classifier.temperature == two.classifier.temperature == 1 and one.epochs == two.epochs


def test_few_pictures_leave_the_strength_to_cross_validation(tmp_path):
    trained = train(FEW, out=str(tmp_path / "run"), **SETTINGS | {"optimizer": "lbfgs"})
    assert trained.validation["n"] < 30 and "l2" not in trained.validation["decided"]
    assert "cross_validation" not in trained.classifier.facts
    assert len((trained.run / "results.csv").read_text().splitlines()) == 2  # the head, and one solution


def test_what_a_start_or_a_teacher_owes_to_validation_is_owed_by_what_follows(tmp_path, capsys):
    chosen = train(DATA, out=str(tmp_path / "chosen"), **SETTINGS).run
    last = train(DATA, out=str(tmp_path / "last"), **SETTINGS | {"keep": "last"}).run
    for kind, given in (("start", "from_"), ("teacher", "teacher")):
        for before, owed in ((chosen, [kind]), (last, [])):
            settings = SETTINGS | {given: str(before), "keep": "last", "quiet": False}
            found = train(DATA, out=str(tmp_path / f"{kind}-{before.name}"), **settings)
            said = capsys.readouterr().err
            assert found.validation["decided"] == owed and (found.validation["top1"]["low"] is None) == bool(owed)
            assert ("measure and decide nothing here, but had a part in" in said) == bool(owed)


SEVERAL = [{"epoch": 1}, {"epoch": 2}]


@pytest.mark.parametrize(
    ("settings", "rows", "val", "expected"),
    [
        ({}, SEVERAL, 50, ["epoch"]),
        ({}, SEVERAL[:1], 50, []),
        ({"keep": "last", "soup": 2, "patience": 3}, SEVERAL, 50, []),
        ({"optimizer": "lbfgs"}, SEVERAL, 50, ["l2"]),
        ({"optimizer": "lbfgs"}, SEVERAL[:1], 50, []),
        ({"tune": "head-then-all"}, SEVERAL[:1], 30, ["epoch", "l2"]),
        ({"tune": "head-then-all"}, SEVERAL[:1], 29, ["epoch"]),
        ({"tune": "head-then-all", "l2": 0.1}, SEVERAL, 50, ["epoch"]),
        ({"l2": 0.0, "tune": "all"}, SEVERAL, 50, ["epoch"]),
        ({"soup": 1, "schedule": "plateau", "patience": 2}, SEVERAL, 50, ["epoch", "soup", "learning rate", "length"]),
        ({"soup": 0, "schedule": "plateau", "patience": 2}, SEVERAL[:1], 50, []),
    ],
)
def test_what_validation_chose(settings, rows, val, expected):
    context = SimpleNamespace(
        recipe=Recipe(**settings), state=SimpleNamespace(counters=SimpleNamespace(rows=rows)), val=range(val),
        provenance={"start_chosen_by_validation_of": "ours", "teacher_chosen_by_validation_of": "another"},
        splits=SimpleNamespace(name="ours"),
    )  # fmt: skip
    assert _decided(context) == ["start", *expected]


def test_the_outcome_of_tuning_is_a_fact_where_there_is_one(tmp_path, monkeypatch):
    real = api.publish
    for name, tuning in (("none", {}), ("head", {"tried": True, "kept": "head"})):
        monkeypatch.setattr(api, "publish", lambda context, run, tuning=tuning: setattr(context, "tuning", tuning) or real(context, run))
        facts = load(train(FEW, out=str(tmp_path / name), **{**SETTINGS, "epochs": 1}).run).facts
        assert facts.get("tuning", {}) == tuning and ("tuning" in facts) == bool(tuning)
