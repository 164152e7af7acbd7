"""Does a confidence of 80 % mean right in 80 of 100 cases? NLL, ECE, and the one temperature that mends most of it.

Guo, Pleiss, Sun, Weinberger: On Calibration of Modern Neural Networks, ICML 2017 (ECE: section 2; temperature: section 4.2).
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..base.errors import wrong

BINS = 15
SHARPEST, FLATTEST = 0.01, 100.0  # temperatures
PRIOR = 2.0  # how much T = 1 weighs, in pictures: what was best on sets of 4 to 30 pictures, and is nothing beside 1,000


@dataclass(frozen=True)
class Bin:
    """Pictures whose confidence lies in (low, high]: how many, their mean confidence, and the share that is right."""

    low: float
    high: float
    n: int
    confidence: float | None
    accuracy: float | None


def nll(logits: Any, labels: Any, temperature: float = 1.0) -> float:
    """Mean negative log likelihood in nats of logits `(N, K)` (log probabilities are logits too); raises UsageError when N = 0."""
    scores, truth = _checked(logits, labels)
    return float(torch.nn.functional.cross_entropy(scores / temperature, truth))


def reliability(probabilities: Any, labels: Any, bins: int = BINS) -> list[Bin]:
    """The reliability diagram of probabilities `(N, K)`: `bins` equally wide bins of the confidence of the first choice."""
    scores, truth = _checked(probabilities, labels)
    if bins < 1:
        raise wrong("bins", "at least 1", bins)
    confidence, guess = scores.max(1)
    right = (guess == truth).double()
    place = (confidence * bins).ceil().long().clamp(1, bins) - 1
    n = torch.bincount(place, minlength=bins).tolist()
    sums = [torch.bincount(place, weights=values, minlength=bins).tolist() for values in (confidence, right)]
    return [
        Bin(i / bins, (i + 1) / bins, count, sums[0][i] / count if count else None, sums[1][i] / count if count else None)
        for i, count in enumerate(n)
    ]


def ece(probabilities: Any, labels: Any, bins: int = BINS) -> float:
    """Expected calibration error: mean |accuracy - confidence| over the bins, weighted by their pictures."""
    found = reliability(probabilities, labels, bins)
    gaps = (row.n * abs(row.accuracy - row.confidence) for row in found if row.accuracy is not None and row.confidence is not None)
    return sum(gaps) / sum(row.n for row in found)


def fit_temperature(logits: Any, labels: Any) -> float:
    """The temperature T between 0.01 and 100 that minimises the summed NLL of `logits / T`, `(N, K)`, plus PRIOR · (1/T + log T).

    The second term is least at T = 1, and keeps it near there where a few pictures say little. The sum is convex in 1/T, so Newton's
    method inside a shrinking bracket finds the one minimum. Without a single mistake NLL would fall for ever as T goes to 0, and so it
    would say nothing about the next picture: then T is 1, as it is for scores that are not finite.
    """
    scores, truth = _checked(logits, labels)
    if not torch.isfinite(scores).all() or bool((scores.argmax(1) == truth).all()):
        return 1.0
    own, prior = scores.gather(1, truth[:, None])[:, 0].mean(), PRIOR / len(truth)
    low, high, sharpness = 1 / FLATTEST, 1 / SHARPEST, 1.0
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
    return min(FLATTEST, max(SHARPEST, 1 / sharpness))


def _checked(scores: Any, labels: Any) -> tuple[Tensor, Tensor]:
    """Scores as float64 `(N, K)` and labels as int64 `(N,)`."""
    table, truth = torch.as_tensor(scores).detach().double(), torch.as_tensor(labels, dtype=torch.int64)
    if table.ndim != 2 or truth.shape != table.shape[:1]:
        raise wrong("scores and labels", "shaped (N, K) and (N,)", (tuple(table.shape), tuple(truth.shape)))
    if not len(truth):
        raise wrong("the number of pictures", "at least 1", 0)
    return table, truth.to(table.device)
