"""What an evaluation verifies of sets and novelty: by hand, and never on pictures that had a part in the classifier."""

import numpy as np
import pytest
import torch

from clearsight.base.errors import UsageError
from clearsight.classifier.uncertainty import Calibration, Novelty, Reference
from clearsight.evaluation import uncertainty
from clearsight.evaluation.judge import judge
from clearsight.evaluation.rows import NoneOfThese, RiskCoverage, SetFigures
from clearsight.evaluation.uncertainty import Verified, verified
from tests.evaluation.stand_in import NAMES, Nearest
from tests.evaluation.test_judge import chosen

CLASSES = NAMES[:4]


def reference(n: int = 40) -> Reference:
    scores = np.linspace(0, 1, n, dtype=np.float32)
    return Reference(
        Novelty("fc", torch.zeros(3), torch.eye(3).half(), scores, "validation"),
        Calibration(scores, np.arange(n) % 4, "cross-validation"),
    )


class Sure(Nearest):
    """A classifier that has a reference."""

    weights_digest, precision, engine, facts = "abc", "float32", "torch", {}

    def __init__(self, n: int = 40) -> None:
        super().__init__(4)
        self.reference = reference(n)

    def limits(self, **asked):
        return self.reference.limits(self.classes, **asked)

    def judged(self, batch: torch.Tensor):
        return self.logits(batch), torch.linspace(0.9, 1.1, len(batch))


def test_sets_by_hand():
    table = np.array([[0.5, 0.3, 0.2, 0], [0.05, 0.04, 0.9, 0.01], [0.2, 0.2, 0.3, 0.3]], np.float32)
    known = Reference(None, Calibration(np.full(9, 0.75, np.float32), np.zeros(9, np.int64), "validation"))
    (row,) = uncertainty.sets(Verified(known, (0.9,)), table, np.array([1, 0, 3]), CLASSES)
    assert set(row) == set(SetFigures.__annotations__)
    assert row["realised"]["value"] == pytest.approx(2 / 3), "of 0.3, 0.05 and 0.3 two are at least 0.25"
    assert (row["mean_size"], row["empty"], row["single"]) == (pytest.approx(5 / 3), 0.0, pytest.approx(1 / 3))
    assert row["per_class"] == [0.0, 1.0, None, 1.0] and (row["calibration_n"], row["calibrated_on"]) == (9, "validation")
    assert row["realised"]["low"] < 2 / 3 < row["realised"]["high"]


def test_an_empty_set_is_counted():
    table = np.array([[0.5, 0.5, 0, 0]], np.float32)
    known = Reference(None, Calibration(np.full(9, 0.4, np.float32), np.zeros(9, np.int64), "validation"))
    (row,) = uncertainty.sets(Verified(known, (0.9,)), table, np.array([0]), CLASSES, "these pictures chose")
    assert (row["empty"], row["mean_size"], row["realised"]["low"]) == (1.0, 0.0, None)


@pytest.mark.parametrize(("n", "coverages"), [(8, ()), (9, (0.9,)), (18, (0.9,)), (19, (0.9, 0.95))])
def test_what_the_answers_suffice_for_is_verified(n, coverages):
    assert verified(Sure(n)).coverages == coverages


def test_what_they_do_not_suffice_for_is_refused_if_it_was_asked_for():
    asked = verified(Sure(), 0.8, True)
    assert (asked.coverages, asked.by_class) == ((0.8,), True)
    with pytest.raises(UsageError, match="needs 99 calibration answers"):
        verified(Sure(), 0.99)
    with pytest.raises(UsageError, match="need their coverage"):
        verified(Sure(), 0, True)


def test_refusals_by_hand():
    found = uncertainty.refused(Verified(reference()), np.array([0.1, 0.96, 0.99, 2.0], np.float32))
    assert set(found) == set(NoneOfThese.__annotations__)
    assert found["limit"] == pytest.approx(38 / 39) and found["refused"]["value"] == 0.5 and found["limit_n"] == 40
    assert uncertainty.refused(Verified(reference(18)), np.zeros(3, np.float32)) is None, "too few scores"
    assert uncertainty.refused(Verified(), np.zeros(3, np.float32)) is None
    assert uncertainty.refused(Verified(reference()), None) is None


def test_risk_has_its_keys():
    found = uncertainty.risk(np.array([0.9, 0.8], np.float32), np.array([True, False]))
    assert set(found) == set(RiskCoverage.__annotations__) and found["aurc"] == 0.25
    assert found["points"][-1] == {"coverage": 1.0, "risk": 0.5, "confidence": pytest.approx(0.8), "n": 2}


@pytest.mark.parametrize(
    ("part", "own", "is_verified"),
    [("test", True, True), ("val", True, False), ("train", True, False), ("all", True, False), ("val", False, True)],
)
def test_only_pictures_without_a_part_in_the_classifier_are_verified(part, own, is_verified):
    figures = judge(Sure(), chosen(0, part, own), quiet=True).figures
    assert [row["coverage"] for row in figures["sets"]] == ([0.9, 0.95] if is_verified else [])
    assert (figures["none_of_these"] is not None) == is_verified
    assert figures["risk_coverage"]["points"][-1]["coverage"] == 1


def test_an_evaluation_has_the_novelty_of_every_picture():
    found = judge(Sure(), chosen(), quiet=True, coverage=0.8)
    assert len(found.novelties) == len(found) == 40 and [row["coverage"] for row in found.figures["sets"]] == [0.8]
