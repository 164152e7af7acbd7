"""SimCLR: T. Chen, S. Kornblith, M. Norouzi, G. Hinton, A simple framework for contrastive learning of visual representations, ICML 2020.

Two views of each image go through the network and a projection head, and each view is matched to its partner among all others. The
projection is discarded after training; the classifier keeps the network and its `features`.

Shapes: N pictures of a part of a batch, D features, P numbers that a view is projected to.
"""

import torch
from torch import Tensor, nn

from ...base.randomness import key, seeded
from ...models.base import Model
from ..compute.training_model import TrainingModel, inference
from ..context import TrainingContext
from ..interrupt import Stop
from ..resolve import SMALL, characters
from ..validation.probes import probed
from .ntxent import ntxent
from .objective import Objective

HIDDEN = 512
JUDGED = 4096  # validation images whose views are matched after an epoch


class Contrastive(nn.Module):
    """A network without its head's answers, and a projection of its features: two layers with batch norms, as in the authors' code."""

    def __init__(self, network: Model, width: int, seed: int = 0) -> None:
        super().__init__()
        self.network = network
        inputs = network.head.in_features
        with seeded(key(seed, "projection")):
            first, second = nn.Linear(inputs, HIDDEN, bias=False), nn.Linear(HIDDEN, width, bias=False)
        self.projection = nn.Sequential(first, nn.BatchNorm1d(HIDDEN), nn.ReLU(), second, nn.BatchNorm1d(width))
        self.LOOKS_AT, self.LR_SCALES = network.LOOKS_AT, network.LR_SCALES
        for p in network.head.parameters():  # it gets no gradient, and data parallel would wait for one
            p.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """Projections `(N, P)` of normalised inputs `(N, C, H, W)`."""
        projected: Tensor = self.projection(self.network.features(x))
        return projected

    def initialise(self, inputs: Tensor) -> None:
        """As the network's own."""
        self.network.initialise(inputs)


class SimCLR(Objective):
    """NT-Xent at a `temperature` on two views of each image; with `labelled` images, linear and k-NN probes measure the features."""

    cost = 2.0

    def __init__(self, temperature: float, labelled: bool = True) -> None:
        self.temperature, self.labelled = temperature, labelled

    def loss(self, context: TrainingContext, net: TrainingModel, index: Tensor, pictures: Tensor) -> tuple[Tensor, int]:
        """NT-Xent, summed over the pictures of this part, and how many find their partner; the others of this part are the negatives."""
        # one pass for both, so that batch norm cannot tell one view from the other
        first, second = net.outputs(torch.cat(two_views(context, index, pictures, "view", context.state.counters.epoch))).chunk(2)
        loss, hits = ntxent(first, second, self.temperature, bf16=context.speed.bf16)
        return loss, int(hits) // 2

    def judge(self, context: TrainingContext, weights: dict[str, Tensor] | None, stop: Stop) -> dict[str, float]:
        """The same loss and hits on validation pictures, whose views are the same in every epoch; and the accuracies of the probes."""
        facts = self._contrast(context, weights, stop)
        return facts | (probed(context, weights, stop) if self.labelled else {})

    @torch.inference_mode()
    def _contrast(self, context: TrainingContext, weights: dict[str, Tensor] | None, stop: Stop) -> dict[str, float]:
        model, n = context.state.model.eval(), min(len(context.val), JUDGED)
        outputs, sums = inference(model, weights, context.speed, context.device), torch.zeros(2, dtype=torch.float64)
        for batch in torch.arange(n).tensor_split(max(1, n // context.recipe.batch)):
            stop.check()
            share = context.group.shard(batch)
            inputs = torch.cat(two_views(context, share, context.val.batch(share), "validation view", 0))
            first, second = outputs(inputs).chunk(2)
            loss, hits = ntxent(first, second, self.temperature, bf16=context.speed.bf16)
            sums += torch.tensor([float(loss), int(hits) / 2], dtype=torch.float64)
        loss_sum, found = context.group.all_reduce(sums).tolist()
        return {"val_loss": loss_sum / n, "val_accuracy": found / n}


def two_views(context: TrainingContext, index: Tensor, pictures: Tensor, name: str, epoch: int) -> list[Tensor]:
    """Two changed versions of the uint8 `pictures` (N, C, H, W) at `index` (N,), normalised, drawn again for each `name` and epoch."""
    seeds = [key(context.recipe.seed, name, k) for k in range(2)]
    return [context.views(context.ops, index, pictures, seed, epoch) for seed in seeds]


def augmentation(size: int, channels: int, classes: tuple[str, ...]) -> str:
    """The changes that make a view, as `--augment` takes them: those of the paper for photographs, milder ones for small images.

    A small image that is cropped to a fifth of its area, as a photograph is, may show nothing of its class. Characters are not flipped.
    """
    flip = "" if characters(classes) else "flip "
    if size <= SMALL:
        return f"{flip}crop:{max(1, round(size / 9))} rotate:15 jitter:0.6 erase:0.3 blur:1"
    grey = "" if channels == 1 else " grey:0.2"
    return f"rrc:0.2 {flip}blur{grey} jitter:0.8"
