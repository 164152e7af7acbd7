"""The training context: recipe, state, images, preprocessing, and how a step is computed."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..augment import pipeline
from ..base.compute.distributed import ProcessGroup
from ..datasets.dataset import Parts
from ..datasets.loader import Pictures
from ..images.preprocess import Preprocessing
from ..recipes.methods import ATTACKED, Perturbation, parse_perturbation
from ..recipes.recipe import Recipe
from ..runs.held_out import HeldOut
from .compute.ahead import ahead
from .compute.training_model import Speed
from .storage.checkpoint import State
from .storage.live import Live
from .storage.loggers import Loggers

NO_LABEL = -1  # the label of a training image that has none


class Vectors(NamedTuple):
    """What a readout's head is solved on, float32 `(N, D)` on the device, and the seconds that it took to compute it.

    The labelled training images come first, then those without a label if the head learns from them.
    """

    table: Tensor
    seconds: float


@dataclass
class TrainingContext:
    """All that a training step needs besides its objective; `class_weights` is float32 `(K,)` with mean 1 over the training images."""

    recipe: Recipe
    state: State
    splits: Parts
    train: Pictures
    val: Pictures
    preprocessing: Preprocessing
    ops: tuple[pipeline.Op, ...]
    class_weights: Tensor
    speed: Speed
    device: torch.device
    group: ProcessGroup
    quiet: bool = False
    log: Callable[[str], None] = print
    provenance: Mapping[str, str] = field(default_factory=dict)  # the trained weights that it starts or learns from
    loggers: Loggers = field(default_factory=Loggers)
    live: Live = field(default_factory=Live)
    held_out: HeldOut | None = None  # what cross-validation says of the training images
    blocks: Tensor | None = None  # int64 (N,): the shard of each training image, where the order is by blocks
    vectors: Vectors | None = None  # of the labelled training images, where a readout was chosen by them
    tuning: Mapping[str, Any] = field(default_factory=dict)  # the outcome of `transfer.challenge`

    @property
    def perturbation(self) -> Perturbation | None:
        """How training images are perturbed in adversarial training; None in other training."""
        return parse_perturbation(self.recipe.perturb)

    @property
    def micro_batches(self) -> int:
        """How many parts a batch is computed in: as in the recipe, or more since memory ran out."""
        return max(self.recipe.accumulate, self.state.counters.accumulate)

    @property
    def steps(self) -> int:
        """Steps per epoch, such that no process ever computes on a single image (batch norm cannot)."""
        times = self.recipe.aug_repeats
        n, least = len(self.train) // times, math.ceil(2 * self.group.world / times)
        return max(1, min(math.ceil(n / (self.recipe.batch // times)), n // least))

    @property
    def draws(self) -> int:
        """Pictures per epoch: the N of the training part, but for what repeated augmentation leaves over."""
        return len(self.train) // self.recipe.aug_repeats * self.recipe.aug_repeats

    @property
    def deciding(self) -> int:
        """How many validation images choose the epoch: in adversarial training those that are attacked."""
        n = len(self.val.labels)
        return min(ATTACKED, n) if self.perturbation and not self.perturbation.method.noise else n

    def batches(self, places: Sequence[Tensor]) -> Iterator[Tensor]:
        """The training images of each of the `places` (n,), which `order.batches` lists, uint8 `(n, C, H, W)`; pinned for a GPU."""
        batches = self.train.batches([some % len(self.train) for some in places])
        return ahead(batches, Tensor.pin_memory) if self.device.type == "cuda" else batches

    def prepared(self, indices: Tensor, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Augmented, normalised inputs float32 `(N, C, H, W)` and labels `(N,)` of training images, on the device.

        An index may be that of a copy, `order.batches`, which is augmented by draws of its own.
        """
        return self.views(self.ops, indices, pictures, self.recipe.seed, self.state.counters.epoch), self.labels(indices)

    def labels(self, indices: Tensor) -> Tensor:
        """The labels `(N,)` of the training images at `indices` `(N,)`, on the device."""
        return self.train.labels[indices % len(self.train)].to(self.device)

    def inputs(self, pictures: Tensor) -> Tensor:
        """The uint8 `pictures` `(N, C, H, W)`, normalised and not augmented, on the device."""
        return self.preprocessing.normalise(self.preprocessing.at_size(pictures).to(self.device)).contiguous(
            memory_format=self.speed.memory_format
        )

    def views(self, ops: tuple[pipeline.Op, ...], places: Tensor, pictures: Tensor, seed: int, epoch: int) -> Tensor:
        """The uint8 `pictures` `(N, C, H, W)`, augmented by `ops` with draws keyed by `places` `(N,)`, and normalised, on the device."""
        moved = (pictures if ops else self.preprocessing.at_size(pictures)).to(self.device, non_blocking=True)
        return pipeline.inputs(ops, moved, places.to(self.device), seed, epoch, self.preprocessing, self.speed.memory_format)
