"""Confusion matrix, and precision, recall and F1 of each class."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..base.errors import wrong


@dataclass(frozen=True)
class ClassScores:
    """Scores of one class with `n` pictures; precision, recall and F1 are None if their denominator is 0."""

    n: int
    precision: float | None
    recall: float | None
    f1: float | None


def confusion(labels: ArrayLike, predictions: ArrayLike, classes: int) -> NDArray[np.int64]:
    """Counts int64 `(K, K)`: row = truth, column = prediction; raises UsageError for an index outside 0..K-1."""
    truth, guess = np.asarray(labels, dtype=np.int64), np.asarray(predictions, dtype=np.int64)
    if truth.shape != guess.shape or truth.ndim != 1:
        raise wrong("labels and predictions", "of one length", (truth.shape, guess.shape))
    for indices in (truth, guess):
        if len(indices) and not 0 <= indices.min() <= indices.max() < classes:
            raise wrong("class indices", f"between 0 and {classes - 1}", (int(indices.min()), int(indices.max())))
    return np.bincount(truth * classes + guess, minlength=classes * classes).reshape(classes, classes).astype(np.int64)


def per_class(counts: NDArray[np.int64]) -> list[ClassScores]:
    """Scores of each class from a confusion matrix `(K, K)`; F1 is 2 TP / (2 TP + FP + FN)."""
    right, truth, guess = np.diag(counts), counts.sum(1), counts.sum(0)
    return [
        ClassScores(int(n), _share(hits, guessed), _share(hits, n), _share(2 * hits, n + guessed))
        for hits, n, guessed in zip(right, truth, guess, strict=True)
    ]


def _share(part: np.int64, whole: np.int64) -> float | None:
    return float(part / whole) if whole else None


def confused_pairs(counts: NDArray[np.int64], most: int) -> list[tuple[int, int, int]]:
    """The `most` commonest confusions as (truth, prediction, pictures), in descending order."""
    mistakes = counts * (1 - np.eye(len(counts), dtype=np.int64))
    order = np.argsort(-mistakes, axis=None, kind="stable")[:most]
    pairs = [(int(flat // len(counts)), int(flat % len(counts))) for flat in order]
    return [(truth, guess, int(counts[truth, guess])) for truth, guess in pairs if mistakes[truth, guess]]
