"""The receptive field of a unit: theoretical (`models.fields`) and effective (gradients: W. Luo et al., 2016)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..base.errors import ClearsightError, wrong
from ..models.summary import FieldRow, Layer, Summary, summarise
from .capture import captured
from .capture import layer as of_name
from .target import Subject


def receptive_fields(model: nn.Module, input_size: tuple[int, int, int]) -> list[FieldRow]:
    """Every layer that sees the input (C, H, W), as `look receptive-field --json` has it."""
    return as_json(summarise(model, input_size))


def as_json(summary: Summary) -> list[FieldRow]:
    """The same of a network that was followed already."""
    return [row for layer in summary.rows if (row := layer.receptive_field()) is not None]


def box(layer: Layer, at: tuple[int, int]) -> tuple[int, int, int, int]:
    """The rows and columns (top, left, bottom, right; ends left out) that the unit `at` (y, x) can see; may reach into the padding."""
    seen = layer.field
    if seen is None:
        raise ClearsightError(f"the layer {layer.name} does not see the input.")
    starts = [a * s - b for a, s, b in zip(at, seen.stride, seen.before, strict=True)]
    (top, left), (rows, columns) = starts, seen.size
    return int(top // 1), int(left // 1), int(-(-(top + rows) // 1)), int(-(-(left + columns) // 1))


def effective(model: nn.Module, pictures: Tensor, layer: str, at: tuple[int, int]) -> Tensor:
    """Mean |∂ unit / ∂ pixel| over inputs `(N, C, H, W)` and channels of the unit `at` (y, x) of `layer`: float32 `(H, W)`."""
    inputs = pictures.detach().clone().requires_grad_()
    out = captured(model, inputs, [layer], grad=True)[layer]
    unit = out[..., at[0], at[1]] if out.ndim == 4 else out
    signs = torch.randint(2, unit.shape, generator=torch.Generator().manual_seed(0)).to(unit) * 2 - 1  # channels must not cancel
    (gradient,) = torch.autograd.grad((unit * signs).sum(), inputs)
    return gradient.abs().mean((0, 1))


@dataclass(frozen=True)
class UnitField:
    """What a unit can see of a picture, and what it depends on.

    `box` (top, left, bottom, right; ends left out) is the theoretical field in px, `padding` the share of it that lies outside of the
    picture, `status` whether it is exact; `effective` float32 `(H, W)` the mean |gradient|, `share` the fraction of the pixels that has
    95 % of it; `picture` uint8 `(H, W, 3)` what the network was shown, None for noise.
    """

    at: tuple[int, int]
    box: tuple[int, int, int, int]
    status: str
    padding: float
    effective: NDArray[np.float32]
    share: float
    picture: NDArray[np.uint8] | None


def unit_field(subject: Subject, summary: Summary, layer: str, at: tuple[int, ...] | None, picture: Any = None) -> UnitField:
    """The field of the unit `at` (y, x) of `layer`, by default the middle one; without a picture its gradients are those on noise.

    Raises UsageError for a layer or a place that there is not.
    """
    of_name(subject.model, layer)
    row = next(one for one in summary.layers if one.name == layer)
    grid = row.output[1:] if len(row.output) == 3 else (1, 1)
    place = (grid[0] // 2, grid[1] // 2) if at is None else at
    if len(place) != 2 or not all(0 <= n < most for n, most in zip(place, grid, strict=True)):
        raise wrong("at", f"within {'×'.join(map(str, grid))}, counted from 0", place)
    height, width = subject.input_size[1:]
    noise = torch.randn(8, *subject.input_size, generator=torch.Generator().manual_seed(0))
    seen = effective(subject.model, noise if picture is None else subject.inputs(picture), layer, (place[0], place[1])).cpu()
    shown = None
    if picture is not None:
        shown = subject.shown(picture)
    top, left, bottom, right = box(row, (place[0], place[1]))
    inside = max(0, min(height, bottom) - max(0, top)) * max(0, min(width, right) - max(0, left))
    padding = 1 - inside / ((bottom - top) * (right - left))
    status = row.field.status if row.field else ""
    return UnitField((place[0], place[1]), (top, left, bottom, right), status, padding, seen.numpy(), share(seen), shown)


def share(field: Tensor, part: float = 0.95) -> float:
    """The fraction of the pixels that are needed for `part` of the gradient, the strongest first."""
    ordered = field.flatten().sort(descending=True).values.double().cumsum(0)
    return float((ordered < part * ordered[-1]).sum() + 1) / field.numel()


def stack_sentence(layers: Sequence[nn.Module]) -> str:
    """What stacked convolutions of one width save against a single one that sees as much, for C channels each.

    `Three 3x3 convolutions see 7x7, with 27C² weights against 49C²`. Raises ClearsightError where there is no convolution.
    """
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    if not convolutions:
        raise ClearsightError("this is no stack of convolutions: give one such as 'conv3x3 conv3x3 conv3x3'.")
    size, jump = [1, 1], [1, 1]
    for layer in layers:
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
            kernel, stride, dilation = (_pair(getattr(layer, name, 1)) for name in ("kernel_size", "stride", "dilation"))
            size = [n + d * (k - 1) * j for n, k, j, d in zip(size, kernel, jump, dilation, strict=True)]
            jump = [j * s for j, s in zip(jump, stride, strict=True)]
    kernels = [_pair(one.kernel_size) for one in convolutions]
    weights = sum(k[0] * k[1] for k in kernels)
    names = {"x".join(map(str, k)) for k in kernels}
    seen = "x".join(map(str, size))
    number = NUMBERS[len(kernels)] if len(kernels) < len(NUMBERS) else str(len(kernels))
    what = f"{number} {names.pop() if len(names) == 1 else 'stacked'} convolution{'s see' if len(kernels) > 1 else ' sees'}"
    return f"{what} {seen}, with {weights}C² weights against {size[0] * size[1]}C²"


NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])
