"""The networks: rows in the TABLE of their family, or registered by the user (`register`); `build` makes one by name."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import torch

from ..base.code import is_code, require_allowed
from ..base.compute.device import shapes_only
from ..base.errors import UsageError, wrong
from ..base.randomness import seeded
from ..base.registry import look_up
from ..images.preprocess import Preprocessing
from . import formula, own, readout
from .base import Model
from .convnets import (
    alexnet,
    convnet,
    convnext,
    densenet,
    efficientnet,
    googlenet,
    inceptionresnetv2,
    inceptionv3,
    lecun1989,
    lenet,
    mobilenet,
    mobilenetv2,
    mobilenetv3,
    nasnet,
    neocognitron,
    regnet,
    resnet,
    resnetv2,
    squeezenet,
    swift,
    unet,
    vgg,
    xception,
    zfnet,
)
from .handmade import dog, histogram, hog, kernel, pixels, sift
from .own import register as register
from .transformers import vit

HANDMADE: tuple[ModuleType, ...] = (pixels, histogram, dog, hog, sift, kernel)
FAMILIES: tuple[ModuleType, ...] = (
    *HANDMADE,
    neocognitron,
    lecun1989,
    lenet,
    alexnet,
    zfnet,
    convnet,
    vgg,
    googlenet,
    unet,
    inceptionv3,
    resnet,
    resnetv2,
    squeezenet,
    inceptionresnetv2,
    xception,
    densenet,
    nasnet,
    mobilenet,
    mobilenetv2,
    mobilenetv3,
    efficientnet,
    regnet,
    vit,
    convnext,
    swift,
)


@dataclass(frozen=True)
class Row:
    """A network as `clearsight models` lists it, with its counts at `input_size` (C, H, W) and `classes` classes.

    `parameters` are trained; `stored` also counts batch norm's running statistics, as a file of weights and Keras do.
    """

    name: str
    family: str
    year: int | None
    paper: str
    parameters: int
    stored: int
    input_size: tuple[int, int, int]
    classes: int
    recipe: str


def _table() -> dict[str, ModuleType]:
    return {name: family for family in FAMILIES for name in family.TABLE}


def names() -> list[str]:
    """The name of every network, family by family, those registered last at the end."""
    return [*_table(), *(name for name in own.REGISTERED if not name.startswith("@"))]


def canonical(name: str) -> str:
    """The name of a network as it is listed, from one in other letters: `VGG16` and `ResNet-50` are `vgg16` and `resnet50`.

    A name that is listed, a formula, code, and what no network or more than one is called, come back as they are.
    """
    base, plus, word = name.rpartition("+") if "+" in name else (name, "", "")
    if base in _table() or base in own.REGISTERED or is_code(base) or formula.is_formula(base):
        return name
    alike = [known for known in names() if _letters(known) == _letters(base)]
    return f"{alike[0]}{plus}{word}" if len(alike) == 1 else name


def _letters(name: str) -> str:
    return name.casefold().replace("-", "").replace("_", "")


def family(name: str) -> ModuleType | own.Family | readout.Family:
    """The module of a network, with its TABLE and its facts; raises UsageError with similar names for an unknown network."""
    name = canonical(name)
    base, word = readout.parted(name)
    if word:
        return readout.Family(family(base), word)
    if (registered := own.family(name)) is not None:
        return registered
    table = _table()
    return formula if name not in table and formula.is_formula(name) else look_up(table, name, "network")


def _of(fact: Any, name: str) -> Any:
    """A fact that a family gives for all its networks, or for each by name."""
    name = readout.parted(canonical(name))[0]
    return fact(name) if callable(fact) else fact[name] if isinstance(fact, dict) else fact


def build(
    name: str,
    classes: int,
    *,
    channels: int = 3,
    height: int = 224,
    width: int = 224,
    dropout: float | None = None,
    seed: int | None = None,
    allow_code: bool = False,
) -> Model:
    """The network `name`, or of that formula, for inputs `(N, channels, height, width)`; the same `seed` gives the same first weights.

    `dropout` replaces the network's own where it has any; `allow_code` lets a name such as `@package.module:Net` be imported. Raises
    UsageError for an unknown name, for code that is not allowed, for inputs too small for the network, for fewer than 2 classes, and for a
    dropout that is not a probability.
    """
    name = canonical(name)
    if is_code(name) and name not in own.REGISTERED:
        require_allowed([name], "the network to build", allow_code)
    home = family(name)
    if classes < 2:
        raise UsageError(f"a classifier needs at least 2 classes. Got {classes}.")
    if dropout is not None and not 0 <= dropout < 1:
        raise wrong("dropout", "at least 0 and below 1", dropout)
    if min(height, width) < home.SMALLEST:
        raise UsageError(f"{name} needs pictures of at least {home.SMALLEST}×{home.SMALLEST} px. Got {height}×{width}: say --size.")
    make: Callable[..., Model] = home.build
    with nullcontext() if seed is None else seeded(seed):
        return make(name, classes, channels, height, width, dropout)


def row(name: str) -> Row:
    """The row of one network; raises UsageError with similar names for an unknown one."""
    name, home = canonical(name), family(name)
    (channels, height, width), classes = published(name)
    with shapes_only():
        model = build(name, classes, channels=channels, height=height, width=width)
    parameters = sum(p.numel() for p in model.parameters())
    year, paper = _of(home.PAPER, name)
    short = home.__name__.rsplit(".", 1)[-1]
    return Row(name, short, year, paper, parameters, stored(model), (channels, height, width), classes, home.RECIPE)


def published(name: str) -> tuple[tuple[int, int, int], int]:
    """The input `(C, H, W)` and the number of classes that the network was published for."""
    home = family(name)
    return _of(home.INPUT, name), _of(home.CLASSES, name)


def stored(model: torch.nn.Module) -> int:
    """The number of values in a file of its weights, with batch norm's running statistics and without its counters."""
    return sum(value.numel() for key, value in model.state_dict().items() if not key.endswith("num_batches_tracked"))


def preprocessing(name: str) -> Preprocessing:
    """The preprocessing of published weights: the family's, by origin (the part of a name after the dot)."""
    (channels, height, width), _ = published(name)
    by_origin = getattr(family(name), "PREPROCESSING", {})
    origin = readout.parted(canonical(name))[0].partition(".")[2]
    settings: Preprocessing = _of(by_origin.get(origin, plain_preprocessing(name, channels)), name)
    return replace(settings, channels=channels, height=height, width=width)


def plain_preprocessing(name: str, channels: int) -> Preprocessing:
    """The preprocessing of a network without weights: numbers around 0, or brightness from 0 to 1 for features that are designed for it."""
    if getattr(family(name), "NORMALISED", True):
        return Preprocessing(channels)
    return Preprocessing(channels, mean=(0.0,) * channels, std=(1.0,) * channels)


def rows() -> list[Row]:
    """Every network, by family."""
    return [row(name) for name in _table()]
