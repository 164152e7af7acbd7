"""Confident learning: which labels are likely wrong, and how many. C. G. Northcutt, L. Jiang, I. L. Chuang, Confident learning:
estimating uncertainty in dataset labels, JAIR 70, 2021.

A picture counts as confidently of class j when its probability of j reaches the mean probability of j among the pictures labelled j,
and no other such class has more. Counted by (label, confident class) that is the confident joint; its row sums are then brought to
the counts of the labels. The errors are off the diagonal. Probabilities must come from a model that has not seen the label.

Shapes: N pictures, K classes.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..base.errors import UsageError, wrong

ROUNDING = 1e-6  # a probability this near to its threshold reaches it

Array = NDArray[np.float64]


def thresholds(labels: NDArray[np.int64], probabilities: Array) -> Array:
    """Mean probability of each class among the pictures with its label, `(K,)`; infinite for a class without pictures."""
    counts = np.bincount(labels, minlength=probabilities.shape[1])
    sums = np.bincount(labels, weights=probabilities[np.arange(len(labels)), labels], minlength=len(counts))
    means: Array = np.where(counts, sums / np.maximum(counts, 1), np.inf)
    return means


def confident(labels: NDArray[np.int64], probabilities: Array) -> NDArray[np.int64]:
    """The class that each picture is confidently of, int64 `(N,)`, or -1; raises UsageError for shapes that do not fit."""
    if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1]:
        raise wrong("labels and probabilities", "shaped (N,) and (N, K)", (labels.shape, probabilities.shape))
    if not len(labels):
        raise UsageError("there are no pictures whose labels could be wrong.")
    over = np.where(probabilities >= thresholds(labels, probabilities) - ROUNDING, probabilities, -1.0)
    return np.where(over.max(1) >= 0, over.argmax(1), -1).astype(np.int64)


def confident_joint(labels: NDArray[np.int64], found: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Pictures by label (row) and confident class (column), int64 `(K, K)`, without those that are confidently of none."""
    sure = found >= 0
    return np.bincount(labels[sure] * classes + found[sure], minlength=classes**2).reshape(classes, classes).astype(np.int64)


def calibrated(joint: NDArray[np.int64], counts: NDArray[np.int64]) -> Array:
    """The estimated pictures by label (row) and true class (column), float64 `(K, K)`: rows sum to the labels' `counts` (K,).

    Every class is taken to have at least one right label.
    """
    table = joint.astype(np.float64)
    np.fill_diagonal(table, table.diagonal().clip(min=1))
    made: Array = table / table.sum(1, keepdims=True) * counts[:, None]
    return made


def noise_matrix(joint: Array) -> Array:
    """How likely each label (row) is for each true class (column), float64 `(K, K)`: columns sum to 1, or 0 without pictures."""
    return joint / np.where(joint.sum(0) > 0, joint.sum(0), 1)


def self_confidence(labels: NDArray[np.int64], probabilities: Array) -> Array:
    """The probability of the label, `(N,)`."""
    return probabilities[np.arange(len(labels)), labels]


def margin(labels: NDArray[np.int64], probabilities: Array) -> Array:
    """The probability of the label less that of the likeliest other class, `(N,)`, in [-1, 1]."""
    others = probabilities.copy()
    others[np.arange(len(labels)), labels] = -np.inf
    made: Array = self_confidence(labels, probabilities) - others.max(1)
    return made


SCORES: dict[str, Callable[[NDArray[np.int64], Array], Array]] = {"self-confidence": self_confidence, "margin": margin}
