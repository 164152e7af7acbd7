import math

import numpy as np
import pytest
from scipy.stats import binomtest, sem, t

from clearsight.base.errors import UsageError
from clearsight.metrics.intervals import mean, mean_of_shares, median, wilson


@pytest.mark.parametrize(("successes", "n"), [(0, 1), (1, 1), (0, 20), (20, 20), (81, 263), (15, 148), (9340, 10000), (1, 29)])
def test_wilson_is_scipys(successes, n):
    expected = binomtest(successes, n).proportion_ci(method="wilson")
    low, high = wilson(successes, n)
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= low <= successes / n <= high <= 1


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"), [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
)
def test_wilson_as_newcombe_published_it(successes, n, low, high):
    """Newcombe, Statistics in Medicine 1998, table I, method 3."""
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


def test_mean_of_shares_by_hand():
    (low_a, high_a), (low_b, high_b) = wilson(8, 10), wilson(3, 30)
    value, low, high = mean_of_shares([(8, 10), (0, 0), (3, 30)])
    assert value == pytest.approx(0.45)
    assert low == pytest.approx(0.45 - np.hypot(0.8 - low_a, 0.1 - low_b) / 2)
    assert high == pytest.approx(0.45 + np.hypot(high_a - 0.8, high_b - 0.1) / 2)


def test_mean_of_one_share_is_wilson():
    assert mean_of_shares([(7, 9)]) == pytest.approx((7 / 9, *wilson(7, 9)))


def test_mean_of_shares_covers_in_95_of_100_cases():
    draw, truth, sizes = np.random.default_rng(1), np.array([0.6, 0.9, 0.97]), np.array([40, 60, 25])
    samples = draw.binomial(sizes, truth, size=(2000, 3))
    hits = 0
    for row in samples:
        _, low, high = mean_of_shares(zip(row.tolist(), sizes.tolist(), strict=True))
        hits += low <= truth.mean() <= high
    assert 0.93 <= hits / 2000 <= 0.98


@pytest.mark.parametrize("call", [lambda: wilson(0, 0), lambda: wilson(3, 2), lambda: wilson(-1, 2), lambda: mean_of_shares([(0, 0)])])
def test_wrong_use(call):
    with pytest.raises(UsageError, match="must be"):
        call()


def test_median_has_the_interval_of_its_order_statistics():
    assert median([3.0, 1.0, 2.0])[0] == 2 and median([4.0, 1.0, 2.0, 3.0])[0] == 2.5
    assert median([1.0, float("inf"), float("inf")]) == (float("inf"), 1.0, float("inf"))
    rng, hits = np.random.default_rng(0), 0
    for _ in range(400):
        _, low, high = median(list(rng.exponential(size=41)))
        hits += low <= math.log(2) <= high
    assert 0.94 <= hits / 400 <= 0.995
    with pytest.raises(UsageError):
        median([])


def test_a_single_value_bounds_nothing():
    assert mean([0.3]) == (0.3, -math.inf, math.inf)


def test_the_mean_has_students_interval():
    values = [0.81, 0.9, 0.74, 0.88, 0.93]
    expected = t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=sem(values))
    assert mean(values) == pytest.approx((np.mean(values), *expected), abs=1e-12)
