"""Comparison of two classifiers on the same pictures, by those that only one of them classifies correctly."""

import math

from ..base.errors import wrong
from .intervals import Z


def mcnemar(only_a: int, only_b: int) -> float:
    """Exact two-sided p of McNemar's test (Psychometrika 1947), from the counts that only A, or only B, classifies correctly."""
    if min(only_a, only_b) < 0:
        raise wrong("the counts", "at least 0", (only_a, only_b))
    n = only_a + only_b
    ways = total = 1  # integers: no rounding for any small p
    for i in range(min(only_a, only_b)):
        ways = ways * (n - i) // (i + 1)
        total += ways
    return min(1.0, 2 * total / (1 << n))


def difference(only_a: int, only_b: int, n: int) -> tuple[float, float, float]:
    """Accuracy of B minus that of A on `n` pictures, with its paired 95 % interval.

    Adds half a picture to each of the four cells (Agresti and Min, Statistics in Medicine 2005), so that two
    classifiers that never differ still have an interval. Raises UsageError unless only_a + only_b <= n and n >= 1.
    """
    if n < 1 or not 0 <= only_a + only_b <= n:
        raise wrong("the pictures that only one has right", f"at most the number of pictures, {n}, which is at least 1", only_a + only_b)
    gap, apart = only_b - only_a, only_a + only_b + 1
    centre = gap / (n + 2)
    half = Z * math.sqrt(apart - gap * gap / (n + 2)) / (n + 2)
    value = gap / n
    return value, max(-1.0, min(value, centre - half)), min(1.0, max(value, centre + half))
