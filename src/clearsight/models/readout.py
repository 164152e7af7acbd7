"""Readouts: what a new linear head reads of a network, as in `resnet18+unit` and `resnet18+stages`.

`plain` is the network's features, `unit` those brought to their signed root and then to length 1, `stages` the means over places of the
last three stages, each brought to root and length, side by side. The root keeps a few large values from deciding everything
(F. Perronnin, J. Sánchez, T. Mensink, Improving the Fisher kernel for large-scale image classification, ECCV 2010).
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..base.errors import UsageError, unknown
from .base import Model

READOUTS = ("plain", "unit", "stages")
DEEP = 3  # stages side by side
FLAT = 1e-4  # below about this a value's root is straight, so that its gradient is finite at 0

_kept: ContextVar[dict[str, Tensor] | None] = ContextVar("maps of stages", default=None)


def parted(name: str) -> tuple[str, str]:
    """The name of a network and of its readout, '' for its own features; raises UsageError for an unknown readout."""
    base, plus, word = name.rpartition("+")
    if not plus:
        return name, ""
    if word not in READOUTS:
        raise unknown("readout", word, READOUTS)
    return base, word


def rooted(x: Tensor) -> Tensor:
    """Vectors `(N, D)` as float32, each value its signed root, each vector of length 1."""
    x = x.float()
    return F.normalize(x / (x.abs() + FLAT).sqrt(), dim=1)


class Readout(Model):
    """A network without its head, `net`, and a new head on its readout."""

    def __init__(self, net: Model, word: str, classes: int, shape: tuple[int, int, int], known: "Widths | None" = None) -> None:
        super().__init__()
        self.net, self.word = net, word
        net.set_submodule(net.HEAD, nn.Identity())
        self.STAGES = (*(f"net.{name}" for name in net.STAGES if name != net.HEAD), self.HEAD)
        self.widths = found = known or widths(net, shape)
        read = found.last() if word == "stages" else {}
        self.read = tuple(read)
        for name in self.read:
            net.get_submodule(name).register_forward_hook(partial(_keep, name))
        self.fc = nn.Linear(sum(read.values()) or found.features, classes)

    def features(self, x: Tensor) -> Tensor:
        """The readout `(N, D)` of inputs `(N, C, H, W)`, float32."""
        vectors = self.vectors(x)
        return vectors[0].float() if self.word == "plain" else torch.cat([rooted(one) for one in vectors], 1)

    def vectors(self, x: Tensor) -> list[Tensor]:
        """The vectors `(N, D)` that are read, as the network computes them."""
        if not self.read:
            return [self.net.features(x)]
        with kept_maps() as maps:
            self.net.features(x)
        return [maps[name].mean((2, 3)) for name in self.read]

    def initialise(self, inputs: Tensor) -> None:
        """Let the network look at some training inputs `(N, C, H, W)`."""
        self.net.initialise(inputs)


@contextmanager
def kept_maps() -> Iterator[dict[str, Tensor]]:
    """The outputs of the stages with a hook, by name, of what this thread computes within."""
    maps: dict[str, Tensor] = {}
    token = _kept.set(maps)
    try:
        yield maps
    finally:
        _kept.reset(token)


def _keep(name: str, _module: nn.Module, _given: Any, output: Tensor) -> None:
    maps = _kept.get()
    if maps is not None:
        maps[name] = output


@dataclass(frozen=True)
class Widths:
    """What a network computes for inputs of one shape: the widths of its features, and of its stages that compute maps, by name."""

    features: int
    maps: dict[str, int]

    def last(self) -> dict[str, int]:
        """The last three stages; raises UsageError if there are fewer."""
        if len(self.maps) < DEEP:
            raise UsageError(f"the readout 'stages' needs {DEEP} stages that compute maps. This network has {len(self.maps)}: take 'unit'.")
        return dict(list(self.maps.items())[-DEEP:])


@torch.no_grad()
def widths(net: Model, shape: tuple[int, int, int]) -> Widths:
    """The widths of `net` for inputs of `shape` (C, H, W), by a forward pass in evaluation mode.

    Of a network without values a copy of zeros is used: without values the pass would take twenty times as long.
    """
    if any(value.is_meta for value in net.parameters()):
        net = copy.deepcopy(net).to_empty(device="cpu")
        for value in (*net.parameters(), *net.buffers()):
            value.zero_()
    device = next((value.device for value in net.parameters()), torch.device("cpu"))
    maps: dict[str, int] = {}

    def seen(name: str, _module: nn.Module, _given: Any, output: Any) -> None:
        if isinstance(output, Tensor) and output.ndim == 4 and output.shape[-1] > 1:
            maps[name] = output.shape[1]

    hooks = [net.get_submodule(name).register_forward_hook(partial(seen, name)) for name in net.STAGES]
    training = [module for module in net.modules() if module.training]
    with device:
        width = net.eval().features(torch.zeros(1, *shape)).shape[1]
    for module in training:
        module.training = True
    for hook in hooks:
        hook.remove()
    return Widths(width, maps)


@dataclass(frozen=True)
class Family:
    """What the registry asks of a family, of a `home` family's network with a readout."""

    home: ModuleType | Any
    word: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.home, name)

    def build(self, name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> Readout:
        """The network with its readout and a head for `classes`."""
        if ".handmade." in self.home.__name__:
            raise UsageError(f"{parted(name)[0]} has designed features: a readout is for networks that are trained.")
        base, shape = parted(name)[0], (channels, height, width)
        net = self.home.build(base, classes, *shape, dropout)
        if not isinstance(self.home, ModuleType):  # the user's own: one name may mean another network the next time
            return Readout(net, self.word, classes, shape)
        made = Readout(net, self.word, classes, shape, _KNOWN.get((base, shape)))
        _KNOWN[base, shape] = made.widths
        return made


_KNOWN: dict[tuple[str, tuple[int, int, int]], Widths] = {}  # of networks here by name, since to compute them takes a pass
