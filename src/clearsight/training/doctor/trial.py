"""A copy of a training to try things on: its own network, optimizer and counters, so that nothing of the run is changed."""

import copy
import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from ...base.randomness import key, permutation, seed_generators
from ...datasets.loader import Pictures
from ...layers.dropout import StochasticDepth
from ...models.base import Model
from ..build import optimizer_of
from ..compute.training_model import TrainingModel
from ..context import TrainingContext
from ..loop import update
from ..objectives.objective import Objective
from ..objectives.own import OwnLoss
from ..objectives.supervised import Supervised
from ..storage.checkpoint import State
from ..transfer.freezing import Freezing

ORDER = -9  # the epoch whose order the tried batches have: no epoch of a training has it


@dataclass
class Relabelled:
    """The same pictures with other labels."""

    pictures: Pictures
    labels: Tensor
    note: str = ""

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, indices: Tensor) -> Tensor:
        """The pictures at `indices` (n,)."""
        return self.pictures.batch(indices)

    def batches(self, wanted: Iterable[Tensor]) -> Iterator[Tensor]:
        """One batch for each of `wanted`, in order."""
        return self.pictures.batches(wanted)


class Trial:
    """A training that can be stepped at any learning rate; `plain` without augmentation, smoothing, mixing and dropout."""

    def __init__(self, context: TrainingContext, objective: Objective, *, plain: bool = False, labels: Tensor | None = None) -> None:
        recipe = dataclasses.replace(context.recipe, ema=0.0, accumulate=1)
        if plain:
            recipe = dataclasses.replace(recipe, label_smoothing=0.0, mix="")
        model = copy.deepcopy(context.state.model)
        state = State(model, optimizer_of(recipe, model, cast(Model, model)), start=context.state.start)
        train = context.train if labels is None else Relabelled(context.train, labels)
        self.context = dataclasses.replace(
            context, recipe=recipe, state=state, train=train, ops=() if plain else context.ops, log=_silent, quiet=True
        )
        self.objective = _plain(objective) if plain else copy.deepcopy(objective)
        self.freezing = Freezing(recipe)
        _, resting = self.freezing.unfreeze(state)
        if plain:
            for module in model.modules():
                if isinstance(module, (nn.modules.dropout._DropoutNd, StochasticDepth)):
                    module.p = 0.0
        self.net = TrainingModel(model, dataclasses.replace(context.speed, compile=False), context.device, 1, resting)

    @property
    def model(self) -> nn.Module:
        """The copied network."""
        return self.context.state.model

    def step(self, index: Tensor, lr: float, pictures: Tensor | None = None) -> tuple[float, float]:
        """One update on the training images at `index` (n,): their mean loss before it, and the share that is right.

        Raises NotFinite as a training does.
        """
        context, counters = self.context, self.context.state.counters
        for group in context.state.optimizer.param_groups:
            group["lr"] = lr * group.get("lr_scale", 1.0)
        seed_generators(key(context.recipe.seed, "trial", counters.step), context.device)
        images = context.train.batch(index) if pictures is None else pictures
        self.objective.before_step(context, self.net)
        loss, correct = update(context, self.objective, self.freezing, self.net, index, images, len(index))
        counters.step += 1
        return loss / len(index), correct / len(index)


def batch_of(context: TrainingContext, size: int, number: int = 0, *, labelled: bool = False) -> Tensor:
    """The indices `(size,)` of a tried batch of training images, at least two; with `labelled` of those that have a label."""
    places = torch.nonzero(context.train.labels >= 0)[:, 0] if labelled else torch.arange(len(context.train))
    size = max(2, min(size, len(places)))
    each = max(1, len(places) // size)  # batches in an epoch
    order = permutation(context.recipe.seed, ORDER - number // each, len(places))
    return places[order[number % each * size :][:size]]


def _plain(objective: Objective) -> Objective:
    """Cross-entropy by the labels in place of what this package adds to it; a user's own objective stays."""
    own = not type(objective).__module__.startswith(f"{__name__.partition('.')[0]}.training.objectives.")
    return copy.deepcopy(objective) if own or isinstance(objective, OwnLoss) else Supervised()


def _silent(line: str) -> None:
    pass
