"""The JSON of an attack and of certificates has the keys that its types name."""

import json

import torch

from clearsight.attacks.attack import AttackResult
from clearsight.attacks.rows import AttackFigures, CertifiedFigures, CurvePoint, Limits, Radius, SavedFigures
from clearsight.attacks.smoothing import Certified
from clearsight.base.check import Check

STAMP = {"judged_on": {"data": "digits", "part": "test"}, "weights": "1", "precision": "float32", "engine": "torch", "when": "now"}


def result(saved: tuple[str, ...] = ("uint8", "png", "jpeg"), least: float = 0.05) -> AttackResult:
    right = torch.tensor([True, True, False, True])
    return AttackResult(
        "pgd", 0.1, "linf", right, right & False, dict.fromkeys(saved, right), torch.zeros(4, 1, 2, 2), torch.full((4,), least),
        (Check("gradients", True, "all are finite"),), STAMP,
    )  # fmt: skip


def test_the_keys_of_an_attack():
    found = result().to_json()
    assert set(found) == AttackFigures.__required_keys__ | set(SavedFigures.__annotations__) | set(STAMP)
    assert set(found["curve"][0]) == {"epsilon", "value", "low", "high"} <= set(CurvePoint.__annotations__)
    assert set(found["minimal_epsilon"]) == set(Limits.__annotations__)
    assert found["preflight"] == [{"check": "gradients", "ok": True, "says": "all are finite"}]
    json.dumps(found, allow_nan=False)


def test_pictures_that_were_not_saved_have_no_accuracy():
    assert not set(result(saved=()).to_json()) & set(SavedFigures.__annotations__)


def test_a_median_above_the_largest_that_was_tried_is_null():
    found = result(least=float("inf")).to_json()
    assert found["median_minimal_epsilon"] is None and found["minimal_epsilon"] == {"value": None, "low": None, "high": None}
    assert "median" not in result(least=float("inf")).headline()


def test_the_keys_of_certificates():
    right = torch.tensor([True, True, False, True])
    found = Certified(0.25, 100, right, ~right, torch.where(right, 0.3, 0.0)).to_json()
    assert set(found) == set(CertifiedFigures.__annotations__) - set(STAMP) - {"with_learnt"}
    assert all(set(row) == {"radius", "value", "low", "high"} <= set(Radius.__annotations__) for row in found["certified"])
    assert found["clean"]["value"] == found["certified"][0]["value"] == 0.75
    assert [row["value"] for row in found["certified"] if row["radius"] >= 0.3] == [0.0, 0.0, 0.0]
