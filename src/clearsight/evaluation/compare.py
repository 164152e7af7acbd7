"""`compare`: is B better than A, or is the difference what chance makes of two equal classifiers?"""

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..base.errors import UsageError, listed
from ..base.result import Result, Row
from ..classifier.stamp import Stamp
from ..datasets.dataset import clean_label
from ..metrics import paired
from ..metrics.intervals import Interval
from .answers import Answers
from .evaluate import Evaluation

Judged: TypeAlias = Evaluation | Answers  # computed now, or stored


class ComparisonFigures(Stamp):
    """The JSON of `clearsight compare --json`."""

    n: int
    a: float
    b: float
    difference: Interval
    only_a: int
    only_b: int
    p: float
    noise: bool
    sentence: str


@dataclass(frozen=True)
class Comparison(Result):
    """Top-1 accuracy of A and of B on the same `n` pictures, and B minus A with its paired 95 % interval.

    `only_a` pictures are right with A alone, `only_b` with B alone; `p` is McNemar's exact test; `noise` is p >= 0.05;
    `precision` is what both were computed in; `stamp` says of which pictures and weights, and when.
    """

    n: int
    a: float
    b: float
    difference: Interval
    only_a: int
    only_b: int
    p: float
    noise: bool
    sentence: str
    precision: str = "float32"
    stamp: Stamp = field(default_factory=Stamp)

    def to_json(self) -> ComparisonFigures:
        """The JSON of `clearsight compare --json`."""
        return {
            "n": self.n,
            "a": self.a,
            "b": self.b,
            "difference": self.difference,
            "only_a": self.only_a,
            "only_b": self.only_b,
            "p": self.p,
            "noise": self.noise,
            "sentence": self.sentence,
            **self.stamp,
            "precision": self.precision,
        }

    def headline(self) -> str:
        """The verdict in a sentence."""
        return self.sentence

    def rows(self) -> list[Row]:
        """A line for A, B and their difference."""
        difference = {"": "B - A", "accuracy": self.difference["value"], "low": self.difference["low"], "high": self.difference["high"]}
        alone = {"A": (self.a, self.only_a), "B": (self.b, self.only_b)}
        return [*({"": name, "accuracy": value, "right alone": n} for name, (value, n) in alone.items()), difference]


def compare(a: Judged, b: Judged) -> Comparison:
    """Compare two evaluations picture by picture; raises UsageError unless both judged the same pictures with the same truths."""
    order = same_pictures(a, b)
    right_a, right_b = a.right, b.right[order]
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    value, low, high = paired.difference(only_a, only_b, len(a))
    p = paired.mcnemar(only_a, only_b)
    sentence = _sentence(len(a), float(right_a.mean()), float(right_b.mean()), (value, low, high), only_a, only_b, p)
    return Comparison(
        n=len(a),
        a=float(right_a.mean()),
        b=float(right_b.mean()),
        difference={"value": value, "low": low, "high": high},
        only_a=only_a,
        only_b=only_b,
        p=p,
        noise=p >= 0.05,
        sentence=f"{sentence} {_computed(a, b)}",
        precision=a.precision if a.precision == b.precision else f"A {a.precision}, B {b.precision}",
    )


def same_pictures(a: Judged, b: Judged) -> NDArray[np.int64]:
    """Rows of `b` in the order of `a`."""
    place = {str(name): row for row, name in enumerate(b.names)}
    own = {str(name) for name in a.names}
    if lost := sorted(own ^ place.keys()):
        raise UsageError(
            "a comparison needs the same pictures on both sides. "
            f"A has {len(own):,}, B has {len(place):,}; only one side has: {listed(lost, 5)}. Evaluate both on the same part."
        )
    order = np.array([place[str(name)] for name in a.names], dtype=np.int64)
    for row, other in enumerate(order):
        truths = a.classes[a.labels[row]], b.classes[b.labels[other]]
        if clean_label(truths[0]) != clean_label(truths[1]):
            raise UsageError(f"A and B do not agree on what {a.names[row]} shows: {truths[0]!r} and {truths[1]!r}.")
    return order


def _sentence(n: int, a: float, b: float, difference: tuple[float, float, float], only_a: int, only_b: int, p: float) -> str:
    value, low, high = (100 * x for x in difference)
    found = (
        f"B is right on {b:.2%} of the same {n:,} pictures and A on {a:.2%}: {value:+.2f} points "
        f"(95 % interval {low:+.2f} to {high:+.2f}; {only_b:,} right only with B, {only_a:,} only with A; McNemar p {small(p)})."
    )
    if p >= 0.05:
        return f"{found} A difference this small is noise: these pictures cannot tell the two apart."
    return f"{found} More than chance would do: {'B' if value > 0 else 'A'} is the better one on pictures like these."


def _computed(a: Judged, b: Judged) -> str:
    return f"Both computed in {a.precision}." if a.precision == b.precision else f"A computed in {a.precision}, B in {b.precision}."


def small(p: float) -> str:
    """A p-value as it is read aloud: `= 0.012`, `< 0.0001`."""
    return f"= {p:.2g}" if p >= 1e-4 else "< 0.0001"
