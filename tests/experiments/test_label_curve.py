"""The curve: every cell an ordinary training that is judged on the test part once, and a curve that goes on where it stopped."""

import json
from pathlib import Path

import pytest
from scipy import stats

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.classifier import load
from clearsight.datasets.open import open_dataset
from clearsight.datasets.split import split
from clearsight.evaluation.evaluate import evaluate
from clearsight.experiments import label_curve
from clearsight.experiments.label_curve import METHODS, Cell, Curve, draw_curve
from clearsight.recipes.compose import saved
from clearsight.training.api import train
from clearsight.training.interrupt import Interrupted
from tests.pictures import digit_folder
from tests.training.test_session import stop_after

QUICK = {"size": 16, "epochs": 3, "quiet": True, "device": "cpu", "speed": "plain", "batch": 28}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return str(digit_folder(tmp_path_factory.mktemp("data") / "digits", per_class=30, classes=4, side=16))


@pytest.fixture(scope="module")
def pretrained(data, tmp_path_factory):
    return str(train(data, out=str(tmp_path_factory.mktemp("runs") / "start"), model="pixels", recipe="solved", size=16, quiet=True).run)


@pytest.fixture(scope="module")
def drawn(data, pretrained, tmp_path_factory):
    out = str(tmp_path_factory.mktemp("runs") / "curve")
    return draw_curve(data, pretrained=pretrained, amounts=("2", "5"), seeds=2, out=out, **QUICK)


def test_every_cell_is_a_training_with_its_settings_judged_on_test(data, drawn):
    assert [(c.method, c.amount, c.seed) for c in drawn.cells] == [(m, a, s) for s in (0, 1) for a in ("2", "5") for m in METHODS]
    assert drawn.left_out == [] and {cell.labelled for cell in drawn.cells} == {8, 20}
    for cell in drawn.cells:
        recipe, method = saved(Path(cell.run) / "recipe.toml"), METHODS[cell.method]
        assert (recipe.labels, recipe.seed, recipe.keep, recipe.model) == (cell.amount, cell.seed, "last", "pixels")
        assert bool(recipe.from_) == method.pretrained and bool(recipe.unlabelled or recipe.teacher) == method.unlabelled
        assert recipe.teacher == (cell.run.replace(cell.method, method.teacher) if method.teacher else "")
        assert recipe.align == bool(method.teacher)  # the digits' classes are equally common
        assert all(getattr(recipe, name) == value for name, value in method.settings.items() if name not in QUICK)
    for cell in drawn.cells[3:6]:
        test = split(open_dataset(data), seed=cell.seed).parts["test"]
        assert cell.accuracy == evaluate(load(cell.run), test, quiet=True).top(1)["value"] and cell.n == len(test)


def test_again_trains_nothing_and_a_seed_more_trains_that_seed(data, pretrained, drawn, monkeypatch):
    trained = []

    def counted(*args, **settings):
        trained.append((settings["labels"], settings["seed"]))
        return train(*args, **settings)

    monkeypatch.setattr(label_curve, "train", counted)
    again = draw_curve(data, pretrained=pretrained, amounts=("2", "5"), seeds=2, out=str(drawn.folder), **QUICK)
    assert trained == [] and again == drawn
    more = draw_curve(data, pretrained=pretrained, amounts=("2",), seeds=3, out=str(drawn.folder), methods=("linear",), **QUICK)
    assert trained == [("2", 2)] and len(more.cells) == 3
    assert json.loads((drawn.folder / "curve.json").read_text())["points"]["linear"][0]["seeds"] == 3


def test_a_cell_that_was_stopped_goes_on(data, tmp_path, monkeypatch):
    how = {"amounts": ("2",), "seeds": 1, "methods": ("augmented",), "model": "pixels", **QUICK}
    straight = draw_curve(data, out=str(tmp_path / "straight"), **how)
    with monkeypatch.context() as patch:
        stop_after(patch, 2)
        with pytest.raises(Interrupted):
            draw_curve(data, out=str(tmp_path / "stopped"), **how)
    ended = draw_curve(data, out=str(tmp_path / "stopped"), **how)
    assert ended.cells[0].accuracy == straight.cells[0].accuracy
    runs = [Path(found.cells[0].run) / "model.safetensors" for found in (straight, ended)]
    assert runs[0].read_bytes() == runs[1].read_bytes()


def test_without_a_trained_run_its_methods_are_left_out_and_that_is_said(data, tmp_path):
    said = []
    found = draw_curve(data, amounts=("2", "100%"), seeds=1, out=str(tmp_path / "curve"), model="pixels", say=said.append, **QUICK)
    assert {cell.method for cell in found.cells} == {"scratch", "augmented", "fixmatch"}
    assert [line.split(":")[0] for line in found.left_out] == [
        "pretrained, linear",
        "pretrained, fine-tuned",
        "its student",
        "its student, by HOG",
    ]
    assert [cell.amount for cell in found.cells if cell.method == "fixmatch"] == ["2"]  # with all labels nothing is without
    assert said[0].startswith("5 trainings") and "left" in said[1] and "left" not in said[-1]


def test_points_are_means_with_students_interval():
    values = (0.5, 0.58, 0.6)
    found = Curve(Path(), "made", {}, [], [Cell("scratch", "10", seed, 100, v, 50, 1.0, "") for seed, v in enumerate(values)])
    (point,) = found.points()["scratch"]
    low, high = stats.t.interval(0.95, 2, loc=sum(values) / 3, scale=stats.sem(values))
    assert (point["value"], point["low"], point["high"]) == pytest.approx((sum(values) / 3, low, high))
    found.cells = found.cells[:1]
    assert found.points()["scratch"] == [{"labelled": 100, "value": 0.5, "low": 0.0, "high": 1.0, "seeds": 1}]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"methods": ("fixmatsh",)}, "fixmatch"),
        ({"methods": ("student",)}, "draw both, as in --methods fine-tune,student"),
        ({"methods": ("linear",), "pretrained": ""}, "--pretrained"),
        ({"amounts": ("many",)}, "as in 10"),
        ({"lr": 0.5}, "Name another folder"),
        ({"pretrained": "nowhere"}, "nowhere"),
        ({"tune": "head"}, "leave tune out"),
    ],
)
def test_what_cannot_be_drawn_is_said(settings, words, data, pretrained, drawn):
    with pytest.raises(ClearsightError, match=words):
        draw_curve(data, **{"out": str(drawn.folder), "amounts": ("2",), "pretrained": pretrained, **QUICK, **settings})


def test_data_that_cannot_be_opened_again_and_a_folder_of_other_things_are_refused(data, tmp_path):
    with pytest.raises(UsageError, match="opened again"):
        draw_curve(([], []))
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(UsageError, match="is not empty"):
        draw_curve(data, out=str(tmp_path))
