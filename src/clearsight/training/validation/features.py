"""Features of images at the run's speed, batch by batch: what linear probes, k-NN votes and heads are fitted on.

`classifier.predict` is for finished classifiers: it has batches, views and precision of their own, and so other last bits.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ...augment import tta
from ...base.compute.precision import accepts
from ...datasets.loader import Pictures
from ...models.base import Model
from ..context import TrainingContext
from ..interrupt import Stop

BATCH = 256  # pictures computed together


class FeatureExtractor(nn.Module):
    """A network without its head."""

    def __init__(self, network: Model) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """The features `(N, D)` of normalised inputs `(N, C, H, W)`."""
        return self.network.features(x)


def feature_batches(context: TrainingContext, extractor: nn.Module, images: Pictures, indices: Tensor, stop: Stop) -> Iterator[Tensor]:
    """The features float32 `(n, D)`, on the device, of the `images` at `indices` `(N,)`, a batch at a time; raises Interrupted.

    Of a readout they are the mean over the recipe's views, like the logits that a linear head makes of them.
    """
    dtype, views = accepts(extractor), tta.parse(context.recipe.views if context.recipe.readout else "")
    for pictures in images.batches(indices.split(BATCH)):
        stop.check()
        inputs = context.inputs(pictures).to(dtype)
        with torch.autocast(context.device.type, context.speed.half, enabled=context.speed.half is not None and dtype == torch.float32):
            found = tta.mean(views, inputs, extractor)
        yield found
