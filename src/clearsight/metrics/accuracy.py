"""Top-k accuracy: the share of pictures whose class is among the k with the highest scores."""

from typing import Any

import torch
from torch import Tensor

from ..base.errors import wrong


def ranks(scores: Any, labels: Any) -> Tensor:
    """The rank of the true class, from 0, int64 `(N,)`, for scores `(N, K)` and class indices `(N,)`.

    Ties go to the lower index, as in `argmax`; NaN scores of other classes rank before the true class, and a NaN score of the
    true class ranks last. Raises UsageError if the shapes do not match.
    """
    scores, labels = torch.as_tensor(scores), torch.as_tensor(labels, dtype=torch.int64)
    if scores.ndim != 2 or labels.shape != scores.shape[:1]:
        raise wrong("scores and labels", "shaped (N, K) and (N,)", (tuple(scores.shape), tuple(labels.shape)))
    labels = labels.to(scores.device)[:, None]
    truth = scores.gather(1, labels)
    index = torch.arange(scores.shape[1], device=scores.device)
    behind = (scores < truth) | ((scores == truth) & (index >= labels))
    before: Tensor = scores.shape[1] - behind.sum(1)
    return before


def topk(scores: Any, labels: Any, k: int) -> float:
    """Share of pictures whose true class is among the `min(k, K)` highest scores `(N, K)` (logits or probabilities).

    Raises UsageError without pictures.
    """
    if k < 1:
        raise wrong("k", "at least 1", k)
    found = ranks(scores, labels)
    if not len(found):
        raise wrong("the number of pictures", "at least 1", 0)
    return int((found < k).sum()) / len(found)
