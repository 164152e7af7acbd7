"""Conformal sets: by hand, and the contract that they contain the truth as often as was asked for."""

import math

import numpy as np
import pytest
from scipy.stats import beta

from clearsight.base.errors import UsageError
from clearsight.metrics import conformal


def draws(seed: int, n: int, classes: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities `(n, K)` of noisy, overconfident logits and labels `(n,)`; later classes are harder and rarer."""
    random = np.random.default_rng(seed)
    labels = random.choice(classes, n, p=np.arange(classes, 0, -1) / (classes * (classes + 1) / 2))
    logits = random.normal(size=(n, classes))
    logits[np.arange(n), labels] += 2.5 - 0.5 * labels
    powers = np.exp(2 * logits)
    return (powers / powers.sum(1, keepdims=True)).astype(np.float32), labels


def scores(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return 1 - probabilities[np.arange(len(labels)), labels]


@pytest.mark.parametrize(("coverage", "n"), [(0.5, 1), (0.9, 9), (0.95, 19), (0.99, 99)])
def test_so_many_answers_are_needed_and_one_less_is_too_few(coverage, n):
    assert conformal.needed(coverage) == n
    assert math.isinf(conformal.limit(np.zeros(n - 1, np.float32), coverage))
    assert conformal.limit(np.arange(n, dtype=np.float32), coverage) == n - 1, "the largest of just enough"


def test_the_limit_is_the_order_statistic_with_the_correction_of_one():
    ten = np.arange(1, 11, dtype=np.float32)[::-1]
    assert conformal.limit(ten, 0.9) == 10 and conformal.limit(ten, 0.8) == 9 and conformal.limit(ten, 0.5) == 6


@pytest.mark.parametrize("coverage", [0, 1, -0.1, 95, float("nan")])
def test_a_coverage_is_a_share(coverage):
    with pytest.raises(UsageError, match="coverage"):
        conformal.limit(np.zeros(5, np.float32), coverage)


def test_sets_by_hand():
    table = np.array([[0.7, 0.2, 0.1], [0.4, 0.35, 0.25]], np.float32)
    assert conformal.sets(table, np.full(3, 0.62, np.float32)).tolist() == [[True, False, False], [True, False, False]]
    assert conformal.sets(table, np.array([0.1, 0.9, 0.5], np.float32)).tolist() == [[False, True, False], [False, True, False]]
    score = 1 - table[0, 1]
    assert conformal.sets(table, np.full(3, score, np.float32))[0].tolist() == [True, True, False], "a score at the limit is inside"


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_over_many_divisions_the_truth_is_inside_as_often_as_was_asked_for(coverage):
    """The coverage of a division follows a beta distribution (V. Vovk, 2012), whose mean is that of the rank."""
    n, tested, hits = 200, 1000, []
    for seed in range(40):
        probabilities, labels = draws(seed, n + tested)
        limit = conformal.limit(scores(probabilities[:n], labels[:n]), coverage)
        inside = conformal.sets(probabilities[n:], np.full(5, limit, np.float32))
        hits.append(inside[np.arange(tested), labels[n:]].mean())
    rank = math.ceil((n + 1) * coverage)
    law = beta(rank, n + 1 - rank)
    error = np.sqrt((law.var() + coverage * (1 - coverage) / tested) / len(hits))
    assert abs(np.mean(hits) - law.mean()) < 3.5 * error and law.mean() >= coverage


def test_by_class_every_class_has_its_coverage_where_one_limit_for_all_does_not():
    by_class, together = np.zeros((30, 5)), np.zeros((30, 5))
    for seed in range(30):
        probabilities, labels = draws(1000 + seed, 1500)
        known, asked = slice(0, 500), slice(500, None)
        own = scores(probabilities[known], labels[known])
        limits = np.array([conformal.limit(own[labels[known] == k], 0.9) for k in range(5)], np.float32)
        one = np.full(5, conformal.limit(own, 0.9), np.float32)
        for found, kept in ((by_class, limits), (together, one)):
            inside = conformal.sets(probabilities[asked], kept)[np.arange(1000), labels[asked]]
            found[seed] = [inside[labels[asked] == k].mean() for k in range(5)]
    assert by_class.mean(0).min() > 0.885, "0.9 less the chance of thirty divisions"
    assert together.mean(0).min() < 0.85, "the hard class pays for the easy ones"
