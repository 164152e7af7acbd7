"""SimCLR: T. Chen, S. Kornblith, M. Norouzi, G. Hinton, A simple framework for contrastive learning of visual representations, ICML 2020.

Two views of each picture go through the network and a projection head, and each view has to find its partner among all others. What is
kept is the network: its `features`, before the projection.

Shapes: N pictures of a part of a batch, D features, P numbers that a view is projected to.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ...augment import pipeline
from ...base.randomness import key, seeded
from ...models.base import Model
from ..compute import Working, judging
from ..interrupt import Stop
from ..loop import Job
from ..probes import probed
from .ntxent import ntxent

HIDDEN = 512
JUDGED = 4096  # validation pictures whose views look for each other after an epoch


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
        for p in network.head.parameters():  # no step reaches it, and data parallel waits for what none reaches
            p.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """Projections `(N, P)` of normalised inputs `(N, C, H, W)`."""
        projected: Tensor = self.projection(self.network.features(x))
        return projected

    def initialise(self, inputs: Tensor) -> None:
        """As the network's own."""
        self.network.initialise(inputs)


@dataclass
class SimCLR:
    """The task of a training: two views of each picture, and NT-Xent at a temperature.

    Where pictures are `labelled`, probes say after each epoch what the features are worth.
    """

    temperature: float
    labelled: bool = True
    cost: float = 2.0

    def loss(self, job: Job, net: Working, index: Tensor, pictures: Tensor) -> tuple[Tensor, int]:
        """NT-Xent, summed over the pictures of this part, and how many find their partner; the others of this part are the negatives."""
        # one pass for both, so that batch norm cannot tell one view from the other
        first, second = net.outputs(torch.cat(two_views(job, index, pictures, "view", job.state.counters.epoch))).chunk(2)
        loss, hits = ntxent(first, second, self.temperature, bf16=job.speed.bf16)
        return loss, int(hits) // 2

    def judge(self, job: Job, weights: dict[str, Tensor] | None, stop: Stop) -> dict[str, Any]:
        """The same loss and hits on validation pictures, whose views are the same in every epoch; and what the probes say."""
        facts = self._contrast(job, weights, stop)
        return facts | (probed(job, weights, stop) if self.labelled else {})

    @torch.inference_mode()
    def _contrast(self, job: Job, weights: dict[str, Tensor] | None, stop: Stop) -> dict[str, Any]:
        model, n = job.state.model.eval(), min(len(job.val), JUDGED)
        outputs, sums = judging(model, weights, job.speed, job.device), torch.zeros(2, dtype=torch.float64)
        for batch in torch.arange(n).tensor_split(max(1, n // job.recipe.batch)):
            stop.check()
            share = job.team.share(batch)
            inputs = torch.cat(two_views(job, share, job.val.batch(share), "validation view", 0))
            first, second = outputs(inputs).chunk(2)
            loss, hits = ntxent(first, second, self.temperature, bf16=job.speed.bf16)
            sums += torch.tensor([float(loss), int(hits) / 2], dtype=torch.float64)
        loss_sum, found = job.team.total(sums).tolist()
        return {"val_loss": loss_sum / n, "val_accuracy": found / n}


def two_views(job: Job, index: Tensor, pictures: Tensor, name: str, epoch: int) -> list[Tensor]:
    """Two changed versions of the uint8 `pictures` (N, C, H, W) at `index` (N,), normalised, drawn anew for each `name` and epoch."""
    moved, places = pictures.to(job.device, non_blocking=True), index.to(job.device)
    seeds = [key(job.recipe.seed, name, k) for k in range(2)]
    return [pipeline.inputs(job.ops, moved, places, seed, epoch, job.preprocessing, job.speed.memory_format) for seed in seeds]
