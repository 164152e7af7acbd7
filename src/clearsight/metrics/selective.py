"""Selective classification: the error among the answers that are most confident, for every share of pictures answered.

R. El-Yaniv, Y. Wiener, On the foundations of noise-free selective classification, JMLR 2010; the area under the curve (AURC):
Y. Geifman, R. El-Yaniv, Bias-reduced uncertainty estimation for deep neural classifiers, ICLR 2019.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import wrong

POINTS = 100  # of the curve in JSON and figures; the area is over every picture


@dataclass(frozen=True)
class Point:
    """The `n` pictures with a confidence of at least `confidence`: their share of all (`coverage`) and their error (`risk`)."""

    coverage: float
    risk: float
    confidence: float
    n: int


def risk_coverage(confidences: NDArray[np.floating], right: NDArray[np.bool_], most: int = POINTS) -> list[Point]:
    """At most `most` points of the curve, by rising coverage up to 1; pictures of one confidence are answered together.

    `confidences` and `right` are of `(N,)` pictures. Raises UsageError without any.
    """
    order, risks = _risks(confidences, right)
    falling = np.asarray(confidences, dtype=np.float64)[order]
    ends = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))
    kept = ends[np.unique(np.linspace(0, len(ends) - 1, min(most, len(ends))).round().astype(int))]
    return [Point((i + 1) / len(falling), float(risks[i]), float(falling[i]), int(i + 1)) for i in kept]


def aurc(confidences: NDArray[np.floating], right: NDArray[np.bool_]) -> float:
    """The area under the curve: the mean risk over the coverages 1/N, 2/N … 1.

    Pictures of one confidence count with their mean error, regardless of their order. Raises UsageError without pictures.
    """
    order, _ = _risks(confidences, right)
    falling, wrongs = np.asarray(confidences)[order], (~np.asarray(right, dtype=bool))[order].astype(np.float64)
    _, group, counts = np.unique(-falling, return_inverse=True, return_counts=True)
    shared = (np.bincount(group, weights=wrongs) / counts)[group]
    return float((np.cumsum(shared) / np.arange(1, len(shared) + 1)).mean())


def _risks(confidences: NDArray[np.floating], right: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pictures by falling confidence `(N,)`, and the error among the first 1, 2, … N of them."""
    if not len(right):
        raise wrong("the number of pictures", "at least 1", 0)
    order = np.argsort(-np.asarray(confidences), kind="stable")
    wrongs = (~np.asarray(right, dtype=bool))[order]
    return order, np.cumsum(wrongs) / np.arange(1, len(wrongs) + 1)
