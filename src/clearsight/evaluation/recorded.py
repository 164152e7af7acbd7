"""The answers of an evaluation as they are stored, and the figures of stored answers."""

import numpy as np
import torch
from numpy.typing import NDArray

from ..metrics import calibration
from ..metrics.accuracy import ranks
from .answers import Answers
from .evaluate import Evaluation

MOST_CLASSES, KEPT = 100, 10  # up to so many classes every logit is stored, beyond that the highest of each picture
CHUNK = 4096  # pictures whose classes are sorted at a time


def recorded(evaluation: Evaluation, part: str, digests: NDArray[np.bytes_] | None = None) -> Answers:
    """The answers of an evaluation of the `part`; `digests` of its pictures, where they are known."""
    logits, labels = torch.from_numpy(evaluation.logits), torch.from_numpy(evaluation.labels)
    # a stable order, so that of equal scores the lower class comes first, as in argmax
    order = torch.cat([some.sort(dim=1, descending=True, stable=True).indices[:, :KEPT] for some in logits.split(CHUNK)])
    return Answers(
        part=part,
        classes=evaluation.classes,
        names=evaluation.names,
        labels=evaluation.labels,
        confidences=evaluation.confidences,
        top=order.numpy(),
        scores=logits.gather(1, order).numpy(),
        ranks=ranks(logits, labels).numpy(),
        truths=logits.gather(1, labels[:, None])[:, 0].numpy(),
        log_sums=(logits.double() / evaluation.temperature).logsumexp(1).numpy(),
        logits=evaluation.logits if len(evaluation.classes) <= MOST_CLASSES else None,
        digests=digests,
        temperature=evaluation.temperature,
        precision=evaluation.precision,
        views=evaluation.views,
        no_interval=evaluation.no_interval,
        stamp=evaluation.stamp,
    )


def reliability(found: Answers) -> list[calibration.Bin]:
    """The bins of the reliability diagram."""
    return calibration.binned(found.confidences, found.right)


def nll(found: Answers) -> float:
    """Mean negative log likelihood in nats, at the temperature."""
    if found.logits is not None:
        return calibration.nll(found.logits, found.labels, found.temperature)
    return float((found.log_sums - found.truths.astype(np.float64) / found.temperature).mean())
