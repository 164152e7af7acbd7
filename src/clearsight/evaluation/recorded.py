"""The answers of an evaluation as they are stored, and the figures of stored answers."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..metrics import calibration
from ..metrics.accuracy import ranks
from .answers import Answers
from .evaluate import Evaluation

MOST_CLASSES, KEPT = 100, 10  # up to so many classes every logit is stored, beyond that the highest of each picture
CHUNK = 512  # pictures at a time: as many as a processor's cache holds with a thousand classes


def recorded(evaluation: Evaluation, part: str, digests: NDArray[np.bytes_] | None = None) -> Answers:
    """The answers of an evaluation of the `part`; `digests` of its pictures, where they are known."""
    logits, labels = torch.from_numpy(evaluation.logits), torch.from_numpy(evaluation.labels)
    blocks = list(zip(logits.split(CHUNK), labels.split(CHUNK), strict=True))
    order = torch.cat([highest(some, KEPT) for some, _ in blocks])
    return Answers(
        part=part,
        classes=evaluation.classes,
        names=evaluation.names,
        labels=evaluation.labels,
        confidences=evaluation.confidences,
        top=order.numpy(),
        scores=logits.gather(1, order).numpy(),
        ranks=torch.cat([ranks(*both) for both in blocks]).numpy(),
        truths=logits.gather(1, labels[:, None])[:, 0].numpy(),
        log_sums=torch.cat([(some.double() / evaluation.temperature).logsumexp(1) for some, _ in blocks]).numpy(),
        logits=evaluation.logits if len(evaluation.classes) <= MOST_CLASSES else None,
        digests=digests,
        temperature=evaluation.temperature,
        precision=evaluation.precision,
        views=evaluation.views,
        no_interval=evaluation.no_interval,
        stamp=evaluation.stamp,
    )


def highest(scores: Tensor, k: int) -> Tensor:
    """The classes of the `min(k, K)` highest float32 scores `(N, K)` in descending order, int64; of equal scores the lower class is first.

    It is the beginning of a stable sort, for a fifth of its time: `topk` of keys that no two classes share. A key has the score above,
    as a whole number in the same order, and the class below. NaN is above all numbers, as in torch's sort.
    """
    one_zero = torch.where(scores.isnan(), torch.nan, scores + 0.0)  # −0 and 0 are equal, and so is every NaN
    bits = one_zero.view(torch.int32)
    ordered = bits ^ ((bits >> 31) & 0x7FFFFFFF)  # negative floats count backwards
    keys = (ordered.long() << 32) - torch.arange(scores.shape[1])
    return keys.topk(min(k, scores.shape[1]), dim=1).indices


def reliability(found: Answers) -> list[calibration.Bin]:
    """The bins of the reliability diagram."""
    return calibration.binned(found.confidences, found.right)


def nll(found: Answers) -> float:
    """Mean negative log likelihood in nats, at the temperature."""
    if found.logits is not None:
        return calibration.nll(found.logits, found.labels, found.temperature)
    return float((found.log_sums - found.truths.astype(np.float64) / found.temperature).mean())
