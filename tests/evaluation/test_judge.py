"""A judgement with its stamp, and what pictures that were learnt from would have added."""

from types import SimpleNamespace

import pytest

from clearsight.evaluation import judge as module
from clearsight.evaluation.evaluate import evaluate
from clearsight.evaluation.held_out import Chosen
from clearsight.evaluation.judge import judge
from clearsight.metrics.intervals import proportion
from tests.evaluation.stand_in import Nearest, digits


class Known(Nearest):
    """With what a stamp says of a classifier."""

    weights_digest, precision, engine = "abc", "float32", "torch"

    def __init__(self, facts=None) -> None:
        super().__init__(4)
        self.facts = facts or {}


def chosen(left_out: int = 0, part: str = "test", own: bool = True) -> Chosen:
    data = digits(10, 4)
    kept, rest = data.subset(range(left_out, 40)), data.subset(range(left_out))
    return Chosen(kept, rest, "digits", part, 0, own, ())


def test_it_is_the_evaluation_with_a_stamp():
    found, alone = judge(Known(), chosen(), quiet=True), evaluate(Known(), digits(10, 4), quiet=True)
    assert found.figures["top1"] == alone.figures["top1"]
    assert found.stamp["judged_on"] == {"data": "digits", "part": "test", "n": 40, "digest": "", "left_out": 0, "learnt": 0}
    assert [found.stamp[key] for key in ("weights", "precision", "engine")] == ["abc", "float32", "torch"]
    assert "with_learnt" not in found.stamp


@pytest.mark.parametrize("left_out", [1, 13])
def test_the_others_are_counted_beside(left_out):
    found, whole = judge(Known(), chosen(left_out), quiet=True), evaluate(Known(), digits(10, 4), quiet=True)
    assert len(found) == 40 - left_out and found.stamp["judged_on"]["left_out"] == left_out
    assert found.stamp["with_learnt"] == {"n": 40, "top1": proportion(int(whole.right.sum()), 40)}


@pytest.mark.parametrize(("part", "own", "interval"), [("test", True, True), ("val", True, False), ("val", False, True)])
def test_pictures_that_chose_have_no_interval(part, own, interval, monkeypatch):
    monkeypatch.setattr(module, "validation", SimpleNamespace(reason=lambda facts: "these pictures chose"))
    top1 = judge(Known(), chosen(3, part, own), quiet=True)
    assert (top1.figures["top1"]["low"] is not None) == interval
    assert (top1.stamp["with_learnt"]["top1"]["low"] is not None) == interval
