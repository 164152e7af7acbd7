"""The JSON of results has the keys that its types name, no more and no fewer; the names are those that files have always had."""

import json

import numpy as np

from clearsight.evaluation.compare import ComparisonFigures, compare
from clearsight.evaluation.evaluate import Evaluation
from clearsight.evaluation.rows import (
    Answer,
    Challenged,
    ConfusedPair,
    Corrupted,
    CorruptionError,
    Figures,
    StressFigures,
    Subgroup,
    WorstSubgroup,
    level,
)
from clearsight.evaluation.stress import StressResult
from clearsight.evaluation.subgroups import subgroups

SHARE = {"top1": 0.5, "low": 0.4, "high": 0.6, "n": 100}
STAMP = {
    "judged_on": {"data": "digits", "part": "test", "n": 60, "digest": "0"},
    "weights": "1",
    "precision": "float32",
    "engine": "torch",
    "when": "now",
}


def evaluation() -> Evaluation:
    random = np.random.default_rng(0)
    names = np.array([str(i) for i in range(60)], dtype=object)
    return Evaluation(("a", "b", "c"), names, random.integers(0, 3, 60), random.normal(size=(60, 3)).astype(np.float32), stamp=STAMP)


def test_the_keys_of_an_evaluation():
    found = evaluation().to_json()
    assert set(found) == Figures.__required_keys__ | set(STAMP)
    assert set(found["top1"]) == {"value", "low", "high"} and set(found["top5"]) == {"value", "low", "high", "reason"}
    assert set(found["mistakes"][0]) == set(Answer.__annotations__)
    assert set(found["confused_pairs"][0]) == set(ConfusedPair.__annotations__)
    assert set(found["per_class"][0]) == {"label", "n", "precision", "recall", "f1"}
    assert set(found["reliability"][0]) == {"low", "high", "n", "confidence", "accuracy"}
    json.dumps(found, allow_nan=False)


def test_an_error_is_one_minus_the_accuracy_and_its_limits():
    found = evaluation().to_json()
    right, wrong = found["top1"], found["top1_error"]
    assert (wrong["value"], wrong["low"], wrong["high"]) == (1 - right["value"], 1 - right["high"], 1 - right["low"])
    assert found["top5_error"]["low"] is None and found["top5_error"]["reason"] == found["top5"]["reason"]


def test_the_keys_of_a_comparison():
    found = compare(evaluation(), evaluation()).to_json()
    assert set(found) == ComparisonFigures.__required_keys__ | {"precision"}


def test_the_keys_of_a_stress_test():
    corrupted = {**SHARE, "name": "fog", "severity": 3}
    challenged = {**SHARE, "name": "rotation", "strength": 15.0}
    assert set(corrupted) == set(Corrupted.__annotations__) and set(challenged) == set(Challenged.__annotations__)
    assert (level(corrupted), level(challenged)) == (3, 15.0)
    clean = {"value": 0.9, "low": 0.8, "high": 0.95, "n": 100}
    found = StressResult(clean, ("a", "b"), corruptions=[corrupted], challenges=[challenged], stamp=STAMP)
    figures = found.to_json()
    assert set(figures) == StressFigures.__required_keys__ | set(STAMP)
    assert set(figures["mean_corruption_error"]) == set(CorruptionError.__annotations__)
    assert figures["half"] == {"fog": None, "rotation": None} and 0.09 < found.half_width < 0.1


def test_the_keys_of_subgroups():
    random = np.random.default_rng(0)
    vectors = np.concatenate([random.normal(0, 1, (40, 4)), random.normal(9, 1, (40, 4))]).astype(np.float32)
    found = subgroups(vectors, np.zeros(80, np.int64), np.arange(80) < 40, ["a"], [str(i) for i in range(80)])
    assert set(found["worst"]) == set(WorstSubgroup.__annotations__) and found["worst"]["class"] == "a"
    assert all(set(row) == set(Subgroup.__annotations__) for row in found["groups"])
