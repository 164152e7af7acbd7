"""The ladder: every rung on the same pictures, each step tested, and a climb that goes on where it stopped."""

import json

import numpy as np
import pytest

from clearsight.base.errors import UsageError
from clearsight.classifier import load
from clearsight.corruptions.mild import CORRUPTIONS
from clearsight.datasets.open import open_dataset
from clearsight.datasets.split import split
from clearsight.evaluation.compare import compare
from clearsight.evaluation.evaluate import evaluate
from clearsight.experiments import ladder
from clearsight.reports.ladder import write_page
from tests.pictures import digit_folder

RUNGS = ("majority", "pixels", "hog", "full")
QUICK = {"size": 16, "seed": 1, "quiet": True, "device": "cpu"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return digit_folder(tmp_path_factory.mktemp("data") / "digits", per_class=40, classes=4, side=16)


@pytest.fixture(scope="module")
def climbed(data, tmp_path_factory):
    small = pytest.MonkeyPatch()
    small.setitem(ladder.RUNGS, "full", ladder.Rung("full network", {"model": "lenet5", "epochs": 3, "size": 28}))
    try:
        settings = {name: value for name, value in QUICK.items() if name != "size"}
        yield ladder.climb(str(data), out=str(tmp_path_factory.mktemp("runs") / "ladder"), rungs=RUNGS, **settings)
    finally:
        small.undo()


def test_every_rung_is_judged_on_the_same_test_part(data, climbed):
    test = split(open_dataset(str(data))).parts["test"]
    assert [row.name for row in climbed.standings] == list(RUNGS) and climbed.n == len(test)
    for row in climbed.standings[1:]:
        again = evaluate(load(row.run), test, quiet=True)
        assert row.accuracy == again.top(1)
        assert row.changed == {name: evaluate(load(row.run), test, change=do, quiet=True).top(1) for name, do in CORRUPTIONS.items()}
        assert row.parameters == sum(p.numel() for p in load(row.run).model.parameters())
    commonest = max(np.mean([test.label(i) == label for i in range(len(test))]) for label in test.classes)
    assert climbed.standings[0].accuracy["value"] <= commonest


def test_a_step_is_tested_on_the_same_pictures(data, climbed):
    test = split(open_dataset(str(data))).parts["test"]
    pixels, hog = (evaluate(load(row.run), test, quiet=True) for row in climbed.standings[1:3])
    found = compare(pixels, hog)
    assert climbed.standings[2].step == {"difference": found.difference, "p": found.p, "noise": found.noise}
    words = ladder.sentence(climbed.standings[1], climbed.standings[2])
    assert words.startswith("HOG over softmax on pixels") and ("noise" in words) == found.noise


def test_fewer_labels_are_a_part_of_more(data, climbed):
    """At 10 % of 128 training pictures there are fewer than four of each class: that is left out."""
    assert set(climbed.standings[1].by_share) == {"1"}
    whole = open_dataset(str(data))
    few, more = (split(whole, share=share) for share in (0.2, 0.5))
    used = [set(parts.parts["train"].names) | set(parts.parts["val"].names) for parts in (few, more)]
    assert used[0] < used[1]
    assert set(few.parts["test"].names) == set(more.parts["test"].names)
    assert sum(map(len, few.parts.values())) == len(whole.parts["all"])


def test_what_was_climbed_is_not_climbed_again(data, climbed, monkeypatch):
    monkeypatch.setattr(ladder, "train", None)
    again = ladder.climb(str(data), out=str(climbed.folder), rungs=RUNGS[:3], seed=1, quiet=True, device="cpu")
    assert [row.accuracy for row in again.standings] == [row.accuracy for row in climbed.standings[:3]]
    with pytest.raises(UsageError, match="Name another folder"):
        ladder.climb(str(data), out=str(climbed.folder), seed=2, quiet=True)


def test_a_rung_that_was_stopped_goes_on(data, tmp_path, monkeypatch):
    def stopped(*words, **settings):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("clearsight.training.transfer.linear_probe.solve", stopped)
        with pytest.raises(KeyboardInterrupt):
            ladder.climb(str(data), out=str(tmp_path / "ladder"), rungs=("pixels",), **QUICK)
    assert json.loads((tmp_path / "ladder" / "ladder.json").read_text())["standings"] == []
    went_on, resume = [], ladder.resume
    monkeypatch.setattr(ladder, "resume", lambda run, **more: went_on.append(run.name) or resume(run, **more))
    monkeypatch.setattr(ladder, "train", None)  # it does not begin anew
    assert len(ladder.climb(str(data), out=str(tmp_path / "ladder"), rungs=("pixels",), **QUICK).standings) == 1
    assert went_on == ["pixels-100"]


def test_the_page_says_all_of_it(climbed):
    text = write_page(climbed).read_text(encoding="utf-8")
    for row in climbed.standings:
        assert row.title in text
    asked = text.replace('="http://www.w3.org/', "")  # the names of SVG's vocabularies, which no browser asks for
    assert "http://" not in asked and "https://" not in asked and "<svg" in text
    for below, above in zip(climbed.standings, climbed.standings[1:], strict=False):
        assert ladder.sentence(below, above).split(":")[0] in text


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"rungs": ("hgo",)}, "hog"),
        ({"rungs": ("frozen",)}, "--from"),
        ({"out": "here"}, "not empty"),
        ({"tune": "head"}, "leave tune out"),
    ],
)
def test_mistakes_are_named(data, settings, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "here").mkdir(parents=True)
    (tmp_path / "runs" / "here" / "letter.txt").write_text("mine")
    with pytest.raises(UsageError, match=words):
        ladder.climb(str(data), quiet=True, **settings)
    assert (tmp_path / "runs" / "here" / "letter.txt").read_text() == "mine"


def test_a_share_that_leaves_whole_groups_of_nothing_is_left_out(tmp_path):
    found = ladder.climb("digits", out=str(tmp_path / "ladder"), rungs=("majority", "pixels"), seed=0, quiet=True)  # 14 sheets: groups
    assert "1" in found.standings[1].by_share and "0.01" not in found.standings[1].by_share
