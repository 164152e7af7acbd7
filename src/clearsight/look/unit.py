"""One number of a network, computed again by hand in float64 and compared with the network's own."""

from dataclasses import dataclass, field
from typing import TypedDict

import torch
from torch import Tensor, nn

from ..base.errors import ClearsightError, wrong
from ..base.result import Result, Row
from .op_trace import Trace, traced
from .recompute import Count, Recount, Step, Sum, stepped

TOLERANCE = 1e-5
LISTED = 10  # contributions in a table


class Then(Step):
    """An operation after the layer: the network's value, the one recomputed, and whether they agree."""

    recomputed: float
    equal: bool


class NumberFigures(TypedDict):
    """The JSON of `clearsight look unit --json`; patch and kernel `(channels, rows, columns)` where it was a convolution."""

    layer: str
    value: float
    recomputed: float
    equal: bool
    scale: float
    contributions: list[float]
    bias: float
    index: list[int]
    first_channel: int
    steps: list[Step]
    then: list[Then]
    patch: list[list[list[float]]] | None
    kernel: list[list[list[float]]] | None


@dataclass(frozen=True, eq=False)
class Recomputation(Result):
    """The value that the network has, the one recomputed, and what it is made of.

    `steps` are the operations in the order of computation. `contributions` are the terms of the last sum that was made, one an
    input channel where it was a convolution; with `bias` they make up `total`. `scale` is the largest number
    that went into it, by which rounding is measured. `then` is the operations on it after the layer.
    """

    layer: str
    index: tuple[int, ...]
    value: float
    recomputed: float
    scale: float
    steps: list[Step]
    contributions: list[float]
    bias: float
    patch: Tensor | None = None
    kernel: Tensor | None = None
    first_channel: int = 0
    then: list[Then] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether both agree to 1e-5 of the value, or of the largest number that went into it where they cancel."""
        return abs(self.value - self.recomputed) <= TOLERANCE * max(abs(self.value), self.scale)

    @property
    def place(self) -> str:
        """Which number it is: `conv2, channel 3 at 5,5`; of a token its number, of a vector no place."""
        grid = len(self.index) == 4
        channel, at = (self.index[1], self.index[2:]) if grid else (self.index[-1], self.index[1:-1])
        return f"{self.layer}, channel {channel}{' at ' if at else ''}{','.join(map(str, at))}"

    def to_json(self) -> NumberFigures:
        """As `look unit --json` has it."""
        return {
            "layer": self.layer,
            "value": self.value,
            "recomputed": self.recomputed,
            "equal": self.equal,
            "scale": self.scale,
            "contributions": self.contributions,
            "bias": self.bias,
            "index": list(self.index),
            "first_channel": self.first_channel,
            "steps": self.steps,
            "then": self.then,
            "patch": None if self.patch is None else self.patch.tolist(),
            "kernel": None if self.kernel is None else self.kernel.tolist(),
        }

    def headline(self) -> str:
        """Both values, and whether they agree."""
        verdict = "equal to 1e-5" if self.equal else "DIFFERENT"
        return f"{self.layer}{list(self.index)}: recomputed {self.recomputed:.9g}, network {self.value:.9g}, {verdict}"

    def rows(self) -> list[Row]:
        """A line for each of the 10 largest contributions, their rest, the bias, then each operation in the order of computation."""
        kind = "term" if self.patch is None else "input channel"
        order = strongest(self)
        rows: list[Row] = [{"operation": f"{kind} {self.first_channel + i}", "value": self.contributions[i]} for i in order[:LISTED]]
        if rest := order[LISTED:]:
            rows.append({"operation": f"{len(rest)} more", "value": sum(self.contributions[i] for i in rest)})
        if order:
            rows.append({"operation": "bias", "value": self.bias})
        return [*rows, *({"operation": step["operation"], "value": step["value"]} for step in self.steps)]


def recompute_unit(model: nn.Module, x: Tensor, layer: str, channel: int, at: tuple[int, ...] | None = None) -> Recomputation:
    """The unit of `layer` at `channel` and `at` (y, x), or (token,); the middle if not given, for an input `(1, C, H, W)`.

    Raises UsageError for a unit that there is not, ClearsightError for an operation that has no rule here.
    """
    if x.ndim != 4 or len(x) != 1:
        raise wrong("input", "one picture (1, C, H, W)", tuple(x.shape))
    trace = traced(model, x, layer)
    return recounted(trace, layer, index_of(tuple(trace.values[trace.output].shape), channel, at))


def recounted(trace: Trace, layer: str, index: tuple[int, ...], recount: Recount | None = None) -> Recomputation:
    """The number at `index` of the layer's output, from a trace of it; `recount` is a new one, that the caller asks about it later."""
    recount = recount or Recount(trace)
    found = recount.at(trace.output, index)
    last = recount.sum or Sum([])
    return Recomputation(
        layer=layer,
        index=index,
        value=float(trace.values[trace.output][index]),
        recomputed=found.value,
        scale=found.scale,
        steps=recount.steps,
        contributions=last.contributions,
        bias=last.bias,
        patch=last.patch,
        kernel=last.kernel,
        first_channel=last.first_channel,
        then=_then(trace, found, index),
    )


def _then(trace: Trace, count: Count, index: tuple[int, ...]) -> list[Then]:
    steps: list[Then] = []
    for operation in trace.then:
        count = Recount(trace).elementwise(operation, index, count)
        own = float(trace.values[operation.out][index])
        close = abs(own - count.value) <= TOLERANCE * max(abs(own), count.scale)
        steps.append({**stepped(operation.name, count), "value": own, "recomputed": count.value, "equal": close})
    return steps


def index_of(shape: tuple[int, ...], channel: int, at: tuple[int, ...] | None) -> tuple[int, ...]:
    """The index of a unit in an output of this `shape`, at the middle without `at`; raises UsageError for one that there is not."""
    places = shape[2:] if len(shape) == 4 else shape[1:-1]
    channels = shape[1] if len(shape) == 4 else shape[-1]
    at = tuple(n // 2 for n in places) if at is None else at
    if not 0 <= channel < channels:
        raise wrong("channel", f"from 0 to {channels - 1}", channel)
    if len(at) != len(places) or not all(0 <= n < most for n, most in zip(at, places, strict=True)):
        allowed = f"within {'×'.join(map(str, places))}, counted from 0" if places else "left out: this layer has one place"
        raise wrong("at", allowed, ",".join(map(str, at)))
    return (0, channel, *at) if len(shape) == 4 else (0, *at, channel)


def strongest(found: Recomputation) -> list[int]:
    """The places of the contributions, the largest amount first."""
    return sorted(range(len(found.contributions)), key=lambda i: -abs(found.contributions[i]))


def units(model: nn.Module, x: Tensor, layer: str, count: int, seed: int = 0) -> list[Recomputation]:
    """`count` units of a layer drawn at random, from one run of the network."""
    trace = traced(model, x, layer)
    shape = trace.values[trace.output].shape
    generator = torch.Generator().manual_seed(seed)
    if not len(shape):
        raise ClearsightError(f"the layer {layer} puts out one number and no channels.")
    draw = [[int(torch.randint(n, (), generator=generator)) for n in shape] for _ in range(count)]
    return [recounted(trace, layer, tuple(index)) for index in draw]
