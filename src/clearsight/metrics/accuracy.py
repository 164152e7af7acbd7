"""Top-k accuracy: is the truth among the k classes that score highest?"""

from typing import Any

import torch
from torch import Tensor

from ..base.errors import wrong


def ranks(scores: Any, labels: Any) -> Tensor:
    """How many classes come before the truth, int64 `(N,)`, for scores `(N, K)` and class indices `(N,)`.

    Of equal scores the lower index comes first, as in `argmax`; a score that is not a number beats the truth, and a
    truth whose score is not a number comes after all classes. Raises UsageError when the shapes do not fit.
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
    """Share of pictures whose truth is among the `min(k, K)` highest of scores `(N, K)` (logits or probabilities).

    Raises UsageError when there are no pictures.
    """
    if k < 1:
        raise wrong("k", "at least 1", k)
    found = ranks(scores, labels)
    if not len(found):
        raise wrong("the number of pictures", "at least 1", 0)
    return int((found < k).sum()) / len(found)
