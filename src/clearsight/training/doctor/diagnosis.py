"""What the checks before a training found: a verdict each, in words, with the option to change; the learning-rate range test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...base.result import Result, Row, jsonable

GOOD, LOOK, STOP = "good", "look at this", "stop"
VERDICTS = (GOOD, LOOK, STOP)


@dataclass(frozen=True)
class Finding:
    """One check: its verdict (good, look at this, stop), what was measured in `words`, and the `option` to change, with its value."""

    check: str
    verdict: str
    words: str
    option: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RangeTest:
    """Losses (smoothed) at rising learning rates; `suggestion` and `diverged` are rates for the recipe's batch, or None.

    The method of L. N. Smith, Cyclical learning rates for training neural networks, 2017, section 3.3.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    lr: float  # of the recipe
    batch: int
    suggestion: float | None = None
    diverged: float | None = None


@dataclass(frozen=True)
class Diagnosis(Result):
    """The findings on a training of `model` on `data`, in the order of the checks, and the range test where there was one."""

    data: str
    model: str
    recipe: str
    findings: tuple[Finding, ...]
    seconds: float
    range_test: RangeTest | None = None

    @property
    def verdict(self) -> str:
        """The worst verdict of all findings."""
        return max((finding.verdict for finding in self.findings), key=VERDICTS.index, default=GOOD)

    def __getitem__(self, check: str) -> Finding:
        """The finding of a check by its name; raises KeyError for one that was not made."""
        for finding in self.findings:
            if finding.check == check:
                return finding
        raise KeyError(check)

    def headline(self) -> str:
        """How many checks were made, and which are not good."""
        of = f"{len(self.findings)} checks of {self.model} on {self.data} in {self.seconds:.0f} s"
        bad = {word: [finding.check for finding in self.findings if finding.verdict == word] for word in (STOP, LOOK)}
        said = "; ".join(f"{word}: {', '.join(checks)}" for word, checks in bad.items() if checks)
        return f"{of}: all good" if not said else f"{of}. {said[0].upper()}{said[1:]}"

    def rows(self) -> Sequence[Row]:
        """A line for each check."""
        return [{"verdict": f.verdict, "check": f.check, "measured": f.words, "change": f.option} for f in self.findings]

    def to_json(self) -> Mapping[str, Any]:
        """The fields, and the verdict on the whole."""
        return {"verdict": self.verdict, **{name: jsonable(value) for name, value in vars(self).items()}}


def duration(seconds: float) -> str:
    """`40 s`, `12 min`, `3 h 20 min`, `2 days 4 h`."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // 1440} days {minutes % 1440 // 60} h"


def gigabytes(size: float) -> str:
    """`3.2 GB` or `85 MB`."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{max(1.0, size / 1e6):,.0f} MB"


def rounded(rate: float) -> float:
    """A learning rate to two digits."""
    return float(f"{rate:.1e}")
