"""Calibration, the agreement of confidence and accuracy: NLL, ECE, reliability diagrams, temperature scaling.

C. Guo, G. Pleiss, Y. Sun, K. Weinberger, On calibration of modern neural networks, ICML 2017 (ECE: section 2; temperature: section 4.2).
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..base.errors import wrong

BINS = 15
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.01, 100.0
PRIOR = 2.0  # weight of T = 1, in pictures: the best value on sets of 4 to 30 pictures, negligible for 1,000


@dataclass(frozen=True)
class Bin:
    """Pictures whose confidence is in (low, high]: their number, mean confidence, and accuracy."""

    low: float
    high: float
    n: int
    confidence: float | None
    accuracy: float | None


def nll(logits: Any, labels: Any, temperature: float = 1.0) -> float:
    """Mean negative log likelihood in nats of logits or log probabilities `(N, K)`; raises UsageError if N = 0."""
    scores, truth = _checked(logits, labels)
    return float(torch.nn.functional.cross_entropy(scores / temperature, truth))


def reliability(probabilities: Any, labels: Any, bins: int = BINS) -> list[Bin]:
    """The reliability diagram of probabilities `(N, K)`: `bins` equally wide bins of the highest probability."""
    scores, truth = _checked(probabilities, labels)
    if bins < 1:
        raise wrong("bins", "at least 1", bins)
    confidence, guess = scores.max(1)
    return binned(confidence, guess == truth, bins)


def binned(confidences: Any, right: Any, bins: int = BINS) -> list[Bin]:
    """The reliability diagram of `(N,)` answers of these confidences, of which some are right."""
    confidence, hits = (torch.as_tensor(one).detach().double() for one in (confidences, right))
    place = (confidence * bins).ceil().long().clamp(1, bins) - 1
    n = torch.bincount(place, minlength=bins).tolist()
    sums = [torch.bincount(place, weights=values, minlength=bins).tolist() for values in (confidence, hits)]
    return [
        Bin(i / bins, (i + 1) / bins, count, sums[0][i] / count if count else None, sums[1][i] / count if count else None)
        for i, count in enumerate(n)
    ]


def ece(probabilities: Any, labels: Any, bins: int = BINS) -> float:
    """Expected calibration error: mean |accuracy - confidence| over the bins, weighted by their pictures."""
    return mean_gap(reliability(probabilities, labels, bins))


def mean_gap(found: list[Bin]) -> float:
    """The expected calibration error of a reliability diagram."""
    gaps = (row.n * abs(row.accuracy - row.confidence) for row in found if row.accuracy is not None and row.confidence is not None)
    return sum(gaps) / sum(row.n for row in found)


def fit_temperature(logits: Any, labels: Any) -> float:
    """The temperature T between 0.01 and 100 that minimises the summed NLL of `logits / T`, `(N, K)`, plus PRIOR · (1/T + log T).

    The second term is minimal at T = 1 and keeps T near 1 for few pictures. The sum is convex in 1/T, so Newton's method inside a
    shrinking bracket finds its only minimum. Without mistakes the NLL decreases for T → 0 and measures nothing about further
    pictures: T is then 1, as for scores that are not finite.
    """
    scores, truth = _checked(logits, labels)
    if not torch.isfinite(scores).all() or bool((scores.argmax(1) == truth).all()):
        return 1.0
    own, prior = scores.gather(1, truth[:, None])[:, 0].mean(), PRIOR / len(truth)
    low, high, sharpness = 1 / MAX_TEMPERATURE, 1 / MIN_TEMPERATURE, 1.0
    for _ in range(100):
        share = torch.softmax(scores * sharpness, dim=1)
        mean = (share * scores).sum(1)
        slope = float(mean.mean() - own) + prior * (1 - 1 / sharpness)
        curvature = float(((share * scores * scores).sum(1) - mean * mean).mean()) + prior / sharpness**2
        if slope == 0:
            break
        low, high = (sharpness, high) if slope < 0 else (low, sharpness)
        step = sharpness - slope / curvature if curvature > 0 else -1.0
        step = step if low <= step <= high else (low * high) ** 0.5
        if abs(step - sharpness) < 1e-9 * sharpness:
            break
        sharpness = step
    return min(MAX_TEMPERATURE, max(MIN_TEMPERATURE, 1 / sharpness))


def _checked(scores: Any, labels: Any) -> tuple[Tensor, Tensor]:
    """Scores as float64 `(N, K)` and labels as int64 `(N,)`."""
    table, truth = torch.as_tensor(scores).detach().double(), torch.as_tensor(labels, dtype=torch.int64)
    if table.ndim != 2 or truth.shape != table.shape[:1]:
        raise wrong("scores and labels", "shaped (N, K) and (N,)", (tuple(table.shape), tuple(truth.shape)))
    if not len(truth):
        raise wrong("the number of pictures", "at least 1", 0)
    return table, truth.to(table.device)
