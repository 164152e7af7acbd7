import numpy as np
import pytest
from scipy.stats import binomtest

from clearsight.base.errors import UsageError
from clearsight.metrics.paired import difference, mcnemar


@pytest.mark.parametrize(("a", "b"), [(0, 0), (1, 0), (3, 3), (5, 12), (12, 5), (40, 71), (900, 700), (0, 400)])
def test_mcnemar_is_the_exact_binomial_test(a, b):
    expected = binomtest(a, a + b).pvalue if a + b else 1.0
    assert mcnemar(a, b) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_of_large_counts_is_finite():
    assert 0 <= mcnemar(20_000, 10_000) < 1e-300


def test_difference_by_hand():
    value, low, high = difference(10, 20, 98)
    half = 1.959963984540054 * np.sqrt(31 - 100 / 100) / 100
    assert (value, low, high) == pytest.approx((10 / 98, 0.1 - half, 0.1 + half))


def test_difference_covers_in_95_of_100_cases():
    draw = np.random.default_rng(2)
    cells = draw.multinomial(300, [0.82, 0.04, 0.08, 0.06], size=3000)
    found = [difference(int(row[1]), int(row[2]), 300) for row in cells]
    assert 0.93 <= np.mean([low <= 0.04 <= high for _, low, high in found]) <= 0.97


def test_two_that_never_differ_still_have_an_interval():
    value, low, high = difference(0, 0, 50)
    assert value == 0
    assert low < 0 < high
    assert difference(0, 3, 3)[2] == 1.0


@pytest.mark.parametrize("call", [lambda: mcnemar(-1, 2), lambda: difference(0, 0, 0), lambda: difference(3, 3, 5)])
def test_wrong_use(call):
    with pytest.raises(UsageError, match="must be"):
        call()
