"""Numbers as they are written in reports."""

from ..metrics.intervals import Estimate


def percent(*shares: float) -> list[str]:
    """Shares as per cent with one decimal, or with two for all when one of them is near 0 or 1."""
    decimals = 2 if any(0 < min(share, 1 - share) < 0.005 for share in shares) else 1
    return [f"{100 * share:.{decimals}f}\N{NO-BREAK SPACE}%" for share in shares]


def interval(accuracy: Estimate) -> list[str]:
    """A value and, where it has an interval, both limits, as per cent."""
    low, high = accuracy["low"], accuracy["high"]
    return percent(accuracy["value"]) if low is None or high is None else percent(accuracy["value"], low, high)


def compact(n: int) -> str:
    """`940`, `9.1k`, `120k`."""
    return str(n) if n < 1000 else f"{n / 1000:.1f}k" if n < 9950 else f"{n / 1000:.0f}k"


def seconds(value: float) -> str:
    """`0.043 s`, `5.7 s`, `1,240 s`: two digits that count."""
    return f"{value:.2g} s" if value < 1 else f"{value:,.1f} s" if value < 100 else f"{value:,.0f} s"
