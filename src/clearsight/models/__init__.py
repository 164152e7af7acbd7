"""Floor 2: the networks. A network is a row in its family's TABLE; `build` is the one way to make one."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import torch

from ..base.errors import UsageError, wrong
from ..base.registry import look_up
from .base import Model
from .convnets import convnet, lenet, resnet, swift
from .handmade import pixels

FAMILIES: tuple[ModuleType, ...] = (pixels, lenet, convnet, resnet, swift)


@dataclass(frozen=True)
class Row:
    """A network as `clearsight models` lists it; `parameters` are those at `input_size` (C, H, W) with `classes` classes."""

    name: str
    family: str
    year: int
    paper: str
    parameters: int
    input_size: tuple[int, int, int]
    classes: int
    recipe: str


def _table() -> dict[str, ModuleType]:
    return {name: family for family in FAMILIES for name in family.TABLE}


def build(
    name: str,
    classes: int,
    *,
    channels: int = 3,
    height: int = 224,
    width: int = 224,
    dropout: float | None = None,
    seed: int | None = None,
) -> Model:
    """The network `name` for inputs `(N, channels, height, width)`; the same `seed` gives the same first weights.

    `dropout` replaces the network's own where it has any. Raises UsageError for a name that is not there, for
    inputs smaller than the network can pool, and for fewer than 2 classes or a dropout that is no probability.
    """
    family = look_up(_table(), name, "network")
    if classes < 2:
        raise UsageError(f"a classifier needs at least 2 classes. Got {classes}.")
    if dropout is not None and not 0 <= dropout < 1:
        raise wrong("dropout", "at least 0 and below 1", dropout)
    if min(height, width) < family.SMALLEST:
        raise UsageError(f"{name} needs pictures of at least {family.SMALLEST}×{family.SMALLEST} px. Got {height}×{width}: say --size.")
    make: Callable[..., Model] = family.build
    with torch.random.fork_rng(devices=[], enabled=seed is not None):
        if seed is not None:
            torch.manual_seed(seed)
        return make(name, classes, channels, height, width, dropout)


def row(name: str) -> Row:
    """The row of one network; raises UsageError with near names when there is none."""
    family = look_up(_table(), name, "network")
    channels, height, width = family.INPUT
    with torch.device("meta"):
        model = build(name, family.CLASSES, channels=channels, height=height, width=width)
    parameters = sum(p.numel() for p in model.parameters())
    year, paper = family.PAPER
    short = family.__name__.rsplit(".", 1)[-1]
    return Row(name, short, year, paper, parameters, (channels, height, width), family.CLASSES, family.RECIPE)


def rows() -> list[Row]:
    """Every network there is, family by family."""
    return [row(name) for name in _table()]
