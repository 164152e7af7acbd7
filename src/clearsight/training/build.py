"""A run is put together: images loaded, the network built, the fastest way of computing a step chosen, the objective made."""

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch

from .. import weights
from ..augment import mix, pipeline
from ..base.compute.device import pick_device
from ..base.compute.distributed import ProcessGroup
from ..base.errors import UsageError
from ..base.randomness import permutation
from ..datasets.dataset import Dataset, Parts
from ..datasets.loader import Pictures
from ..datasets.loader import load as load_pictures
from ..images.preprocess import Preprocessing
from ..models.base import Model
from ..recipes.methods import MEANS, parse_fixmatch
from ..recipes.recipe import Recipe
from ..runs.splits import training_images, validation_images
from . import blocks, order, resolve
from .compute import acceleration
from .compute.training_model import Speed
from .compute.training_model import parse as parse_speed
from .context import NO_LABEL, TrainingContext
from .objectives.adversarial import Adversarial
from .objectives.distillation import distillation
from .objectives.fixmatch import FixMatch
from .objectives.objective import Objective
from .objectives.own import own_objective
from .objectives.supervised import Mixing, Supervised
from .optim.optimizer import Optimizer, make_optimizer
from .storage.checkpoint import State
from .storage.loggers import Loggers
from .transfer import freezing
from .transfer.pretrained import Start

TRIED = 4  # images that a faster precision is tried on


@dataclass(frozen=True)
class Loaded:
    """The splits of a run, their training and validation images ready to be read batch by batch, and how they are preprocessed."""

    splits: Parts
    train: Pictures
    val: Pictures
    preprocessing: Preprocessing


def load(recipe: Recipe, splits: Parts, known: Preprocessing | None, quiet: bool) -> Loaded:
    """The images of a resolved recipe; without a `known` preprocessing it is the recipe's, with the statistics of these images."""
    preprocessing = known or resolve.geometry(recipe)
    margin = pipeline.margin(pipeline.parse(recipe.augment))
    stored = preprocessing.enlarged(margin) if margin > 1 else preprocessing
    train = load_pictures(training_images(recipe, splits), stored, cache=recipe.cache, workers=recipe.workers, quiet=quiet)
    train.labels = _hidden(train.labels, len(splits.parts["train"]))
    val = load_pictures(validation_images(splits), preprocessing, cache=recipe.cache, workers=recipe.workers, quiet=quiet)
    if not known and resolve.normalised(recipe.model):
        preprocessing = resolve.with_statistics(preprocessing, train, recipe.carved_by)
    return Loaded(splits, train, val, preprocessing)


def _hidden(labels: torch.Tensor, labelled: int) -> torch.Tensor:
    """The `labels` with all but the first `labelled` replaced, so that nothing can read them."""
    found = labels.clone()
    found[labelled:] = NO_LABEL
    return found


def build(
    recipe: Recipe,
    data: Loaded,
    group: ProcessGroup,
    quiet: bool,
    log: Callable[[str], None],
    known: Speed | None = None,
    wrap: Callable[[Model], torch.nn.Module] = lambda model: model,
) -> TrainingContext:
    """The context of a resolved recipe on loaded images: network, optimizer, speed (`known` in a resumed run).

    `wrap` may put the network into a larger module, which is then trained.
    """
    classes = data.splits.classes
    least = recipe.aug_repeats * math.ceil(2 * group.world / recipe.aug_repeats)
    if len(data.train) < least:
        raise UsageError(f"training needs at least {least} pictures here. The training part has {len(data.train)}.")
    device = pick_device(recipe.device)
    _require_gpu(known or parse_speed(recipe.speed), device)
    model = weights.build(
        recipe.model,
        len(classes),
        channels=recipe.channels,
        height=recipe.size,
        width=recipe.size,
        dropout=recipe.dropout if recipe.dropout >= 0 else None,
        seed=recipe.seed,
    ).to(device)
    parameters = sum(p.numel() for p in model.parameters())
    log(f"{recipe.model}: {parameters:,} parameters, input {recipe.channels}×{recipe.size}×{recipe.size}, {len(classes)} classes")
    speed = known or _choose_speed(recipe, model, data, device, group, log)
    model.to(memory_format=speed.memory_format)  # type: ignore[call-overload]
    whole = wrap(model).to(device)
    return TrainingContext(
        recipe=recipe,
        state=State(whole, optimizer_of(recipe, whole, model)),
        splits=data.splits,
        train=data.train,
        val=data.val,
        preprocessing=data.preprocessing,
        ops=pipeline.parse(recipe.augment),
        class_weights=class_weights(recipe, data.splits.parts["train"]).to(device),
        speed=speed,
        device=device,
        group=group,
        quiet=quiet,
        log=log,
        loggers=Loggers(recipe.loggers if group.is_main else "", log),
        blocks=blocks.blocks_of(recipe, training_images(recipe, data.splits)),
    )


def optimizer_of(recipe: Recipe, whole: torch.nn.Module, model: Model) -> Optimizer:
    """The recipe's optimizer for the weights of `whole`, by the stages of `model`, the network in it."""
    optimizer = make_optimizer(whole, name=recipe.optimizer, lr=recipe.lr, momentum=recipe.momentum, weight_decay=recipe.weight_decay)
    freezing.regroup(optimizer, model, recipe)
    return optimizer


def build_objective(context: TrainingContext, start: Start | None) -> Objective:
    """The objective that the recipe names; `start` is the pretrained network, by whose features a teacher's answers may be spread.

    Raises UsageError for one that cannot be trained in the order of the recipe.
    """
    objective = _objective(context, start)
    order.require_possible(context, objective.copies)
    context.log(order.described(context))
    return objective


def _objective(context: TrainingContext, start: Start | None) -> Objective:
    recipe = context.recipe
    if recipe.unlabelled and recipe.unlabelled != MEANS:
        labelled = len(context.splits.parts["train"])
        context.log(f"FixMatch: {labelled:,} pictures with labels, and all {len(context.train):,} without")
        return FixMatch(parse_fixmatch(recipe.unlabelled), labelled, f"{recipe.augment} {recipe.strong}")
    if recipe.teacher:
        return distillation(context, start)
    if context.perturbation:
        return Adversarial(context.perturbation)
    if recipe.objective:
        return own_objective(recipe.objective)
    return Mixing(mix.parse(recipe.mix)) if recipe.mix else Supervised()


def initialise(context: TrainingContext) -> None:
    """Let the network look at some training pictures before the first step (whitening and the like)."""
    model = cast(Model, context.state.model)
    chosen = permutation(context.recipe.seed, -2, len(context.train))[: model.LOOKS_AT]
    inputs, _ = context.prepared(chosen, context.train.batch(chosen))
    model.initialise(inputs)


def _choose_speed(
    recipe: Recipe, model: Model, data: Loaded, device: torch.device, group: ProcessGroup, log: Callable[[str], None]
) -> Speed:
    """The Speed that the first process finds, in all of them."""
    bits = 0
    if group.is_main:
        some = data.preprocessing.at_size(data.train.batch(torch.arange(min(TRIED, len(data.train)))))
        inputs = data.preprocessing.normalise(some.to(device))
        if recipe.speed == "measure":
            total = 0 if group.world > 1 else len(data.train) * recipe.epochs  # compiled kernels and several processes are not combined
            found, how = acceleration.measured(model, (recipe.channels, recipe.size, recipe.size), len(data.splits.classes), device, total)
        elif recipe.speed == "auto":  # of a head that is solved only the features are computed
            found, how = acceleration.choose(model, inputs, device, gradients=recipe.optimizer != "lbfgs")
        else:
            found, how = acceleration.asked(parse_speed(recipe.speed), model, inputs, device)
        log(f"speed: {how}" if how else "")
        bits = found.bf16 + 2 * found.channels_last + 4 * found.compile + 8 * found.fp16
    bits = group.broadcast(bits)
    return Speed(bool(bits & 1), bool(bits & 2), bool(bits & 4), bool(bits & 8))


def _require_gpu(speed: Speed, device: torch.device) -> None:
    """Raise UsageError for float16 on a CPU, which has no products in it."""
    if speed.fp16 and device.type == "cpu":
        raise UsageError("--speed fp16 needs a GPU, and this training is on the CPU: say bf16, or leave it out.")


def class_weights(recipe: Recipe, data: Dataset) -> torch.Tensor:
    """The weight of each class in the loss, float32 `(K,)`, with mean 1 over the pictures of `data`."""
    counts = torch.from_numpy(data.counts()).float()
    if recipe.class_weights == "none":
        return torch.ones(len(counts))
    return len(data) / (counts.clamp_min(1) * (counts > 0).sum())


def within_budget(context: TrainingContext, objective: Objective) -> Recipe:
    """The recipe with its epochs cut to what the time budget allows at the rate of a few steps like the real ones."""
    recipe = context.recipe
    if not recipe.minutes or recipe.optimizer == "lbfgs":
        return recipe
    epochs = 1
    if context.group.is_main:
        shape = (recipe.channels, recipe.size, recipe.size)
        rate = acceleration.rate(context.state.model, shape, len(context.class_weights), context.device, context.speed, recipe.batch)
        rate *= context.group.world / objective.cost
        asked = min(len(context.val), len(context.train)) if recipe.keep == "last" else len(context.val)  # after an epoch, at most
        epochs = int(max(1, min(recipe.epochs, recipe.minutes * 60 * 0.95 * rate / (len(context.train) + asked / 3))))
        context.log(f"budget of {recipe.minutes:g} min at about {rate:,.0f} pictures/s: {epochs} of {recipe.epochs} epochs")
    return dataclasses.replace(recipe, epochs=context.group.broadcast(epochs))
