"""The one road from pictures to logits, probabilities and features, in batches.

Shapes: N pictures, D features, K classes.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from ..base.progress import Progress
from ..datasets.loader import Pictures
from .capture import inputs_of
from .classifier import Classifier

Change = Callable[[Tensor, Tensor], Tensor]


def logits(
    classifier: Classifier,
    pictures: Pictures,
    *,
    batch_size: int = 0,
    change: Change | None = None,
    progress: Progress | None = None,
) -> Tensor:
    """Logits, float32 `(N, K)` on the CPU, of all `pictures`, in order.

    `change` is applied to the fitted pictures, uint8 `(n, C, H, W)`, with their indices `(n,)`; a `batch_size` of
    0 is the classifier's own.
    Raises UnreadableImage.
    """
    return _predicted(classifier, classifier.logits, pictures, batch_size, change, progress)


def probabilities(classifier: Classifier, pictures: Pictures, *, batch_size: int = 0) -> Tensor:
    """Calibrated class probabilities, float32 `(N, K)` on the CPU, of all `pictures`, in order; raises UnreadableImage."""
    return _predicted(classifier, classifier.probabilities, pictures, batch_size)


def _predicted(
    classifier: Classifier,
    answer: Callable[[Tensor], Tensor],
    pictures: Pictures,
    batch_size: int,
    change: Change | None = None,
    progress: Progress | None = None,
) -> Tensor:
    batches, rows = torch.arange(len(pictures)).split(batch_size or classifier.batch), []
    for indices, batch in zip(batches, pictures.batches(batches), strict=True):
        rows.append(answer(change(batch, indices) if change else batch).cpu())
        if progress:
            progress.update(len(batch))
    return torch.cat(rows)


def judged(
    classifier: Classifier,
    pictures: Pictures,
    *,
    batch_size: int = 0,
    change: Change | None = None,
    progress: Progress | None = None,
) -> tuple[Tensor, Tensor | None]:
    """Logits as of `logits`, and the novelty float32 `(N,)` of each picture, None without vectors of training pictures."""
    novelties: list[Tensor] = []

    def answer(batch: Tensor) -> Tensor:
        scores, novelty = classifier.judged(batch)
        novelties.extend([] if novelty is None else [novelty])
        return scores

    found = _predicted(classifier, answer, pictures, batch_size, change, progress)
    return found, torch.cat(novelties) if novelties else None


def features(classifier: Classifier, layer: str, pictures: Pictures, *, progress: Progress | None = None) -> Tensor:
    """The inputs of the linear `layer`, float32 `(N, D)` on the CPU, of all `pictures`, in order; raises UnreadableImage."""
    return _predicted(classifier, lambda batch: classifier.logits_and_inputs(batch, layer)[1], pictures, 0, None, progress)


def features_and_logits(classifier: Classifier, layer: str, pictures: Pictures, indices: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """The inputs of `layer`, float32 `(n, D)`, and the logits `(n, K)` of the pictures at `indices`, batch by batch on the CPU.

    Where the classifier answers over several views of a picture, both are means over them.
    """
    batches = indices.split(classifier.batch)
    with inputs_of(classifier.model.get_submodule(layer)) as seen:
        for batch in pictures.batches(batches):
            seen.clear()
            answers = classifier.logits(batch)
            yield torch.stack([vectors.flatten(1).float() for vectors in seen]).mean(0).cpu(), answers.cpu()


def in_batches(function: Callable[[Tensor], Tensor], inputs: Tensor, size: int) -> Tensor:
    """`function` of `inputs` `(N, …)`, at most `size` rows at a time and without gradients, put together again."""
    with torch.no_grad():
        return torch.cat([function(part) for part in inputs.split(size)])
