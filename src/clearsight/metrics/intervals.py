"""95 % confidence intervals that are valid near 0 and 1 and for few pictures, where the usual ± 1.96 σ has no width."""

import math
from collections.abc import Iterable, Sequence
from typing import NotRequired, TypedDict

from ..base.errors import wrong

Z = 1.959963984540054  # two-sided 95 % of the normal distribution


class Interval(TypedDict):
    """A value with its 95 % interval, for JSON."""

    value: float
    low: float
    high: float


class Estimate(TypedDict):
    """A value with its 95 % interval, for JSON; without one `low` and `high` are None, and `reason` says why."""

    value: float
    low: float | None
    high: float | None
    reason: NotRequired[str]


def wilson(successes: int, n: int) -> tuple[float, float]:
    """95 % interval of a proportion (Wilson, JASA 1927); raises UsageError unless 0 <= successes <= n and n >= 1."""
    if n < 1:
        raise wrong("the number of pictures", "at least 1", n)
    if not 0 <= successes <= n:
        raise wrong("successes", f"between 0 and {n}", successes)
    share = successes / n
    centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))


def bounded(value: float, low: float, high: float, without: str = "") -> Estimate:
    """`value` with its interval for JSON; with a reason for being `without` one, the limits are None and `reason` has it."""
    return {"value": value, "low": None, "high": None, "reason": without} if without else {"value": value, "low": low, "high": high}


def proportion(successes: int, n: int, without: str = "") -> Estimate:
    """The proportion `successes` / `n` with its 95 % interval, for JSON; raises UsageError as `wilson` does."""
    low, high = wilson(successes, n)
    return bounded(successes / n, low, high, without)


def mean_of_shares(counts: Iterable[tuple[int, int]]) -> tuple[float, float, float]:
    """Value and 95 % interval of the unweighted mean of proportions, each given as (successes, n); those with n = 0 are left out.

    The Wilson limits of the independent proportions are combined by their squares (MOVER: G. Zou, A. Donner,
    Statistics in Medicine 2008). Raises UsageError if all n are 0.
    """
    present = [(successes, n) for successes, n in counts if n]
    if not present:
        raise wrong("the number of pictures", "at least 1", 0)
    limits = [(successes / n, *wilson(successes, n)) for successes, n in present]
    mean = sum(share for share, _, _ in limits) / len(limits)
    below = math.sqrt(sum((share - low) ** 2 for share, low, _ in limits)) / len(limits)
    above = math.sqrt(sum((high - share) ** 2 for share, _, high in limits)) / len(limits)
    return mean, max(0.0, mean - below), min(1.0, mean + above)


def median(values: Sequence[float]) -> tuple[float, float, float]:
    """Median and its distribution-free 95 % interval between two order statistics; values may be infinite.

    The ranks of the limits are those of the normal approximation to the binomial distribution. Raises UsageError without values.
    """
    if not values:
        raise wrong("the number of values", "at least 1", 0)
    rising, n = sorted(values), len(values)
    half = Z * math.sqrt(n) / 2
    low, high = max(0, math.floor(n / 2 - half) - 1), min(n - 1, math.ceil(n / 2 + half))
    return (rising[(n - 1) // 2] + rising[n // 2]) / 2, rising[low], rising[high]


def mean(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean and its 95 % interval by Student's t (Biometrika 1908), infinite for a single value.

    Raises UsageError without values.
    """
    if not values:
        raise wrong("the number of values", "at least 1", 0)
    from scipy.special import stdtrit  # an eighth of a second, which `classify` need not wait for

    n, centre = len(values), math.fsum(values) / len(values)
    if n == 1:
        return centre, -math.inf, math.inf
    half = float(stdtrit(n - 1, 0.975)) * math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (n - 1) / n)
    return centre, centre - half, centre + half
