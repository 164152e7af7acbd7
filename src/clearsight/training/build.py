"""A job is put together: pictures read, the network built, the fastest way of computing a step chosen."""

import dataclasses
from collections.abc import Callable
from typing import cast

import torch

from .. import weights
from ..augment import pipeline
from ..base.device import pick_device
from ..base.errors import UsageError
from ..base.randomness import permutation
from ..datasets.dataset import Dataset, Parts
from ..datasets.loader import Pictures, load
from ..images.preprocess import Preprocessing
from ..models.base import Model
from . import acceleration, checkpoint, resolve
from .compute import Speed
from .compute import parse as parse_speed
from .distributed import Team
from .loop import Job
from .objectives.semi import everything, without_labels
from .optim.optimizer import make_optimizer
from .recipe import Recipe
from .transfer import freezing

TRIED = 4  # pictures that a faster precision is tried on


def pictures_of(recipe: Recipe, parts: Parts, known: Preprocessing | None, quiet: bool) -> tuple[Pictures, Pictures, Preprocessing]:
    """The pictures of train, and of val, and the preprocessing: the `known` one, or the recipe's with statistics of these pictures."""
    preprocessing = known or resolve.geometry(recipe)
    margin = pipeline.margin(pipeline.parse(recipe.augment))
    stored = preprocessing.enlarged(margin) if margin > 1 else preprocessing
    pictures = load(everything(recipe, parts), stored, cache=recipe.cache, workers=recipe.workers, quiet=quiet)
    pictures = without_labels(pictures, len(parts.parts["train"]))
    val = load(parts.parts["val"], preprocessing, cache=recipe.cache, workers=recipe.workers, quiet=quiet)
    if known or not resolve.normalised(recipe.model):
        return pictures, val, preprocessing
    return pictures, val, resolve.with_statistics(preprocessing, pictures, recipe.carved_by)


def assemble(
    recipe: Recipe,
    parts: Parts,
    pictures: Pictures,
    val: Pictures,
    preprocessing: Preprocessing,
    team: Team,
    quiet: bool,
    say: Callable[[str], None],
    known: Speed | None,
    wrap: Callable[[Model], torch.nn.Module] = lambda model: model,
) -> Job:
    """The job of a settled recipe on loaded pictures; `known` is the way of computing steps that a resumed run has.

    What is trained is what `wrap` makes of the network.
    """
    if len(pictures) < 2 * team.world:
        raise UsageError(f"training needs at least {2 * team.world} pictures here. The training part has {len(pictures)}.")
    device = pick_device(recipe.device)
    model = weights.build(
        recipe.model,
        len(parts.classes),
        channels=recipe.channels,
        height=recipe.size,
        width=recipe.size,
        dropout=recipe.dropout if recipe.dropout >= 0 else None,
        seed=recipe.seed,
    ).to(device)
    parameters = sum(p.numel() for p in model.parameters())
    say(f"{recipe.model}: {parameters:,} parameters, input {recipe.channels}×{recipe.size}×{recipe.size}, {len(parts.classes)} classes")
    chosen = known or _choose_speed(recipe, model, len(parts.classes), pictures, preprocessing, device, team, say)
    model.to(memory_format=chosen.memory_format)  # type: ignore[call-overload]
    whole = wrap(model).to(device)
    optimizer = make_optimizer(whole, name=recipe.optimizer, lr=recipe.lr, momentum=recipe.momentum, weight_decay=recipe.weight_decay)
    freezing.regroup(optimizer, model, recipe)
    return Job(
        recipe=recipe,
        state=checkpoint.State(whole, optimizer),
        train=pictures,
        val=val,
        preprocessing=preprocessing,
        ops=pipeline.parse(recipe.augment),
        class_weights=_class_weights(recipe, parts.parts["train"]).to(device),
        speed=chosen,
        device=device,
        team=team,
        quiet=quiet,
        say=say,
    )


def initialise(job: Job) -> None:
    """Let the network look at some training pictures before the first step (whitening and the like)."""
    model = cast(Model, job.state.model)
    chosen = permutation(job.recipe.seed, -2, len(job.train))[: model.LOOKS_AT]
    inputs, _ = job.prepared(chosen, job.train.batch(chosen))
    model.initialise(inputs)


def _choose_speed(
    recipe: Recipe, model: Model, classes: int, pictures: Pictures, preprocessing: Preprocessing, device: torch.device, team: Team,
    say: Callable[[str], None],
) -> Speed:  # fmt: skip
    """The Speed that the first process finds, in all of them."""
    bits = 0
    if team.leads:
        inputs = preprocessing.normalise(pictures.batch(torch.arange(min(TRIED, len(pictures)))).to(device))
        if recipe.speed == "measure":
            total = 0 if team.world > 1 else len(pictures) * recipe.epochs  # compiled kernels and several processes are not combined
            found, how = acceleration.measured(model, (recipe.channels, recipe.size, recipe.size), classes, device, total)
        elif recipe.speed == "auto":  # of a head that is solved only the features are computed
            found, how = acceleration.choose(model, inputs, device, gradients=recipe.optimizer != "lbfgs")
        else:
            found, how = acceleration.asked(parse_speed(recipe.speed), model, inputs, device)
        say(f"speed: {how}" if how else "")
        bits = found.bf16 + 2 * found.channels_last + 4 * found.compile
    bits = team.agreed(bits)
    return Speed(bool(bits & 1), bool(bits & 2), bool(bits & 4))


def _class_weights(recipe: Recipe, data: Dataset) -> torch.Tensor:
    counts = torch.from_numpy(data.counts()).float()
    if recipe.class_weights == "none":
        return torch.ones(len(counts))
    return len(data) / (counts.clamp_min(1) * (counts > 0).sum())


def within_budget(job: Job, say: Callable[[str], None]) -> Recipe:
    """The recipe with its epochs cut to what the time budget allows at the rate of a few steps like the real ones."""
    recipe = job.recipe
    if not recipe.minutes or recipe.optimizer == "lbfgs":
        return recipe
    epochs = 1
    if job.team.leads:
        shape = (recipe.channels, recipe.size, recipe.size)
        rate = acceleration.rate(job.state.model, shape, len(job.class_weights), job.device, job.speed, recipe.batch)
        rate *= job.team.world / job.cost
        asked = min(len(job.val), len(job.train)) if recipe.keep == "last" else len(job.val)  # after an epoch, at most
        epochs = int(max(1, min(recipe.epochs, recipe.minutes * 60 * 0.95 * rate / (len(job.train) + asked / 3))))
        say(f"budget of {recipe.minutes:g} min at about {rate:,.0f} pictures/s: {epochs} of {recipe.epochs} epochs")
    return dataclasses.replace(recipe, epochs=job.team.agreed(epochs))
