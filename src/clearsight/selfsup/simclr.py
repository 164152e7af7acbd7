"""SimCLR: T. Chen, S. Kornblith, M. Norouzi, G. Hinton, A simple framework for contrastive learning of visual representations, ICML 2020.

Two views of each picture go through the network and a projection head, and each view has to find its partner among all others. What is
kept is the network: its `features`, before the projection.

Shapes: N pictures of a part of a batch, D features, P numbers that a view is projected to.
"""

from typing import Any

import torch
from torch import Tensor, nn

from ..base.randomness import key
from ..images import augment
from ..models.base import Model
from ..train.guard import Stop
from ..train.loop import Job
from ..train.working import Working
from .ntxent import ntxent
from .probes import probed

HIDDEN = 512


class Contrastive(nn.Module):
    """A network without its head's answers, and a projection of its features: two layers with batch norms, as in the authors' code."""

    def __init__(self, network: Model, width: int) -> None:
        super().__init__()
        self.network = network
        inputs = network.head.in_features
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


class SimCLR:
    """The task of a training: two views of each picture, and NT-Xent at a temperature."""

    cost = 2.0

    def __init__(self, temperature: float) -> None:
        self.temperature = temperature

    def loss(self, job: Job, net: Working, index: Tensor, pictures: Tensor) -> tuple[Tensor, int]:
        """NT-Xent, summed over the pictures of this part, and how many find their partner; the others of this part are the negatives."""
        moved, places = pictures.to(job.device, non_blocking=True), index.to(job.device)
        recipe, epoch = job.recipe, job.state.counters.epoch
        both = [
            augment.inputs(job.ops, moved, places, key(recipe.seed, "view", k), epoch, job.preprocessing, job.speed.memory_format)
            for k in range(2)
        ]
        # one pass for both, so that batch norm cannot tell one view from the other
        first, second = net.outputs(torch.cat(both)).chunk(2)
        loss, hits = ntxent(first, second, self.temperature, bf16=job.speed.bf16)
        return loss, int(hits) // 2

    def judge(self, job: Job, weights: dict[str, Tensor] | None, stop: Stop) -> tuple[Tensor, dict[str, Any]]:
        """Logits `(n, K)` of a head solved on some training pictures, and how many k nearest neighbours get right."""
        return probed(job, weights, stop)
