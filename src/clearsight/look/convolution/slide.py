"""A convolution place by place: the patch under each filter, the products, their sum. Filters are not flipped, as in networks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ...base.errors import UsageError, wrong

MOST_PRODUCTS = 200_000  # that the JSON of all places may have


@dataclass(frozen=True)
class Step:
    """One place (`row`, `column`, from 0) of map `filter`; the window's corner is on row `top`, column `left` of the picture.

    `patch` and `products` are float64 `(C, h, w)`, zero in the padding, where `top` and `left` may be negative; `sum` has the bias.
    """

    filter: int
    row: int
    column: int
    top: int
    left: int
    patch: Tensor
    products: Tensor
    sum: float

    def to_json(self) -> dict[str, Any]:
        """As `steps` of `look convolution --json`."""
        numbers = {"patch": tidy(self.patch).tolist(), "products": tidy(self.products).tolist(), "sum": round(self.sum, 9) + 0.0}
        return {name: getattr(self, name) for name in ("filter", "row", "column", "top", "left")} | numbers


@dataclass(frozen=True)
class Convolution:
    """A picture `(C, H, W)`, filters `(F, C, h, w)` with names and biases, and the maps `(F, rows, columns)`, all float64."""

    picture: Tensor
    filters: Tensor
    names: tuple[str, ...]
    bias: tuple[float, ...]
    stride: int
    padding: int
    dilation: int
    maps: Tensor

    @property
    def window(self) -> tuple[int, int]:
        """Rows and columns of the picture that a filter spans."""
        return self.dilation * (self.filters.shape[2] - 1) + 1, self.dilation * (self.filters.shape[3] - 1) + 1

    def step(self, filter: int, row: int, column: int) -> Step:
        """One place of one filter; raises UsageError outside of the map."""
        rows, columns = self.maps.shape[1:]
        if not (0 <= row < rows and 0 <= column < columns):
            raise wrong("at", f"within the {rows}×{columns} map, counted from 0", (row, column))
        top, left = row * self.stride, column * self.stride
        padded = F.pad(self.picture, [self.padding] * 4)
        height, width = self.window
        patch = padded[:, top : top + height : self.dilation, left : left + width : self.dilation]
        products = patch * self.filters[filter]
        total = float(products.sum()) + self.bias[filter]
        return Step(filter, row, column, top - self.padding, left - self.padding, patch, products, total)

    def steps(self, filter: int | None = None) -> Iterator[Step]:
        """Every place of one filter, or of all, filter by filter and row by row."""
        for f in range(len(self.filters)) if filter is None else [filter]:
            for row in range(self.maps.shape[1]):
                for column in range(self.maps.shape[2]):
                    yield self.step(f, row, column)

    def to_json(self, at: tuple[int, int] | None = None) -> dict[str, Any]:
        """Filters, geometry, maps, steps: of every place without `at`, unless these have more than MOST_PRODUCTS products."""
        many = self.maps.numel() * self.filters[0].numel() > MOST_PRODUCTS
        at = at or ((self.maps.shape[1] // 2, self.maps.shape[2] // 2) if many else None)
        steps = self.steps() if at is None else (self.step(f, *at) for f in range(len(self.filters)))
        return {
            "filters": [
                {"name": name, "values": tidy(values).tolist(), "bias": bias}
                for name, values, bias in zip(self.names, self.filters, self.bias, strict=True)
            ],
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "maps": self.maps.tolist(),
            "steps": [step.to_json() for step in steps],
        }


def convolve(
    picture: Any,
    filters: Any,
    *,
    names: Sequence[str] = (),
    bias: Sequence[float] = (),
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
) -> Convolution:
    """Filters `(h, w)` or `(F, C, h, w)` at every place of a picture `(H, W)` or `(C, H, W)`; products are summed over channels.

    Raises UsageError for filters that do not fit the picture.
    """
    x, kernels = (torch.as_tensor(values, dtype=torch.float64) for values in (picture, filters))
    x = x[None] if x.ndim == 2 else x
    kernels = kernels[None, None] if kernels.ndim == 2 else kernels
    if kernels.shape[1] != len(x):
        raise UsageError(f"a filter needs one slice for each of the picture's {len(x)} channels. Got {kernels.shape[1]}.")
    spans = [dilation * (n - 1) + 1 for n in kernels.shape[2:]]
    sides = [n + 2 * padding for n in x.shape[1:]]
    if any(span > side for span, side in zip(spans, sides, strict=True)):
        spanned, given = ("×".join(map(str, both)) for both in (spans, sides))
        raise UsageError(f"the filter spans {spanned} pixels and the picture has {given}: take a larger picture or more padding.")
    offsets = tuple(bias) or (0.0,) * len(kernels)
    maps = F.conv2d(x[None], kernels, torch.tensor(offsets, dtype=torch.float64), stride, padding, dilation)[0]
    called = tuple(names) or tuple(f"filter {i}" for i in range(len(kernels)))
    return Convolution(x, kernels, called, offsets, stride, padding, dilation, tidy(maps))


def tidy(values: Tensor) -> Tensor:
    """Without the last digits of floating point, and without -0."""
    return values.round(decimals=9) + 0.0
