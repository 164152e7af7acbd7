"""What a classifier sees in pictures before it answers: the vector that goes into its last layer."""

from collections.abc import Iterator

import torch
from torch import Tensor

from ..datasets.loader import Pictures
from .classifier import Classifier


def seen(net: Classifier, head: str, pictures: Pictures, wanted: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """What goes into the layer `head`, float32 `(n, D)`, and the logits `(n, K)`, batch by batch; means over the views of a picture."""
    kept: list[Tensor] = []
    hook = net.model.get_submodule(head).register_forward_pre_hook(lambda _m, given: kept.append(given[0].flatten(1).float()))
    batches = wanted.split(net.batch)
    try:
        for batch in pictures.batches(batches):
            kept.clear()
            logits = net.logits(batch)
            yield torch.stack(kept).mean(0).cpu(), logits.cpu()
    finally:
        hook.remove()
