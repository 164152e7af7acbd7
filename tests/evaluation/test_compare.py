import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from scipy.stats import binomtest

from clearsight.base.errors import UsageError
from clearsight.evaluation.compare import compare
from tests.evaluation.stand_in import judged

CLASSES = ("cat", "dog")
TRUTH = [0] * 100


def guesses(right: int, start: int = 0) -> list[int]:
    return [0 if start <= i < start + right else 1 for i in range(100)]


def test_a_real_difference():
    found = compare(judged(TRUTH, guesses(60), CLASSES), judged(TRUTH, guesses(90), CLASSES))
    assert (found.n, found.a, found.b, found.only_a, found.only_b) == (100, 0.6, 0.9, 0, 30)
    assert found.p == pytest.approx(binomtest(0, 30).pvalue)
    assert not found.noise
    assert found.difference["low"] > 0.15
    assert "B is the better one" in found.sentence and "+30.00 points" in found.sentence


def test_noise_is_called_noise():
    found = compare(judged(TRUTH, guesses(60), CLASSES), judged(TRUTH, guesses(60, start=3), CLASSES))
    assert (found.only_a, found.only_b, found.p) == (3, 3, 1.0)
    assert found.noise and "noise" in found.sentence
    assert found.difference["low"] < 0 < found.difference["high"]
    json.dumps(asdict(found), allow_nan=False)


def test_pictures_are_paired_by_name_and_classes_by_name():
    a, b = judged([0, 1, 0, 1], [0, 1, 1, 1], CLASSES), judged([0, 1, 0, 1], [0, 1, 0, 1], CLASSES)
    order = np.array([2, 0, 3, 1])
    turned = replace(b, classes=CLASSES[::-1], names=b.names[order], labels=1 - b.labels[order], logits=b.logits[order][:, ::-1].copy())
    assert compare(a, turned) == compare(a, b)
    assert compare(a, turned).only_b == 1


def test_other_pictures_are_refused():
    a = judged([0, 1], [0, 1], CLASSES)
    with pytest.raises(UsageError, match=r"A has 2, B has 3; only one side has: 2\.png"):
        compare(a, judged([0, 1, 0], [0, 1, 0], CLASSES))
    with pytest.raises(UsageError, match=r"do not agree on what 1\.png shows: 'dog' and 'cat'"):
        compare(a, judged([0, 0], [0, 0], CLASSES))
