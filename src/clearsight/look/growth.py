"""The receptive field layer by layer: its growth through a stack with the weights, and theory and gradient of any network."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ..models.summary import Layer, Summary
from .receptive_field import box, effective, share
from .target import Subject

MOST = 6  # layers that are measured


@dataclass(frozen=True)
class Level:
    """A layer of a stack: the side in px of what one of its units sees, and of its units that one unit of the last layer sees.

    `weights` and `single` are the weights of the stack so far and of one convolution that sees as much, in multiples of C² for C channels.
    """

    layer: str
    field: int
    seen: int
    weights: int
    single: int

    def words(self, channels: int | None) -> tuple[str, str]:
        """Both numbers of weights: `27C²`, or for C channels `110,592`."""
        counts = (self.weights, self.single)
        return (f"{counts[0]}C²", f"{counts[1]}C²") if not channels else (f"{counts[0] * channels**2:,}", f"{counts[1] * channels**2:,}")


def growth(layers: Sequence[tuple[str, nn.Module]]) -> list[Level]:
    """The input and each convolution and pooling of a stack of square ones, the input first; [] if it is not such a stack."""
    steps = []
    for name, layer in layers:
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
            kernel, stride, dilation = (_square(getattr(layer, key, 1)) for key in ("kernel_size", "stride", "dilation"))
            if not kernel or not stride or not dilation:
                return []
            steps.append((name, dilation * (kernel - 1) + 1, stride, kernel**2 if isinstance(layer, nn.Conv2d) else 0))
        elif next(layer.children(), None) is not None or isinstance(layer, nn.Linear):
            return []
    field, jump, weights = 1, 1, 0
    fields = [("input", 1, 0)]
    for name, span, stride, count in steps:
        field, jump, weights = field + (span - 1) * jump, jump * stride, weights + count
        fields.append((name, field, weights))
    seen = [1]
    for _, span, stride, _ in reversed(steps):
        seen.append((seen[-1] - 1) * stride + span)
    return [Level(name, size, n, count, size**2) for (name, size, count), n in zip(fields, reversed(seen), strict=True)] if steps else []


def _square(value: int | tuple[int, ...]) -> int:
    """The side, or 0 where rows and columns differ."""
    sides = {value} if isinstance(value, int) else {*value}
    return sides.pop() if len(sides) == 1 else 0


@dataclass(frozen=True)
class Measured:
    """The central unit of a layer: its theoretical box (top, left, bottom, right) in px, and what its gradient says.

    `extent` is the height and width in px of the box of all gradients other than zero, `share` the fraction of the pixels that has 95 % of
    the gradient, `effective` float32 `(H, W)` its mean magnitude on noise.
    """

    layer: str
    box: tuple[int, int, int, int]
    status: str
    extent: tuple[int, int]
    share: float
    effective: NDArray[np.float32]


def measured(subject: Subject, summary: Summary, most: int = MOST) -> list[Measured]:
    """Theory and gradient of at most `most` layers with maps, from the first to the last, each with a larger field than the one before."""
    noise = torch.randn(4, *subject.input_size, generator=torch.Generator().manual_seed(0))
    return [_measured(subject, layer, noise) for layer in _chosen(summary, most)]


def _chosen(summary: Summary, most: int) -> list[Layer]:
    growing: list[Layer] = []
    largest = 0.0
    for layer in summary.rows:
        seen = layer.field if len(layer.output) == 3 and layer.name else None
        if seen is not None and seen.axes == (2, 3) and max(seen.size) > largest:
            growing.append(layer)
            largest = max(seen.size)
    places = sorted({round(i * (len(growing) - 1) / max(1, most - 1)) for i in range(most)}) if growing else []
    return [growing[i] for i in places]


def _measured(subject: Subject, layer: Layer, noise: torch.Tensor) -> Measured:
    at = (layer.output[1] // 2, layer.output[2] // 2)
    seen = effective(subject.model, noise, layer.name, at).cpu()
    rows, columns = (seen.amax(dim).nonzero().flatten() for dim in (1, 0))
    sides = [int(places[-1] - places[0] + 1) if len(places) else 0 for places in (rows, columns)]
    status = layer.field.status if layer.field else ""
    return Measured(layer.name, box(layer, at), status, (sides[0], sides[1]), share(seen), seen.numpy())
