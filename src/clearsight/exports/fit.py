"""`Preprocessing.fit_picture` as arithmetic that every runtime computes equally: two matrices, or two index lists for `nearest`.

Resize and crop of one axis are a matrix of whole numbers below 2¹⁵, the fixed-point weights of torch's uint8 kernel. All sums are whole
numbers, below 2²⁴ for pictures up to 4 times as large as the network's, so that float32 is exact in any order of summation. A runtime's
own `Resize` would be another one: its antialiasing differs by exporter and version.

Shapes: N pictures, C channels; H and W of the pictures, h and w of the network.
"""

from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor, nn

from ..images.preprocess import Preprocessing

MOST_WEIGHT = 2**15
MOST_BITS = 22  # of the fixed-point weights' fraction
CUBIC = {True: -0.5, False: -0.75}  # Keys' coefficient with and without antialiasing
REACH = {"bilinear": 1, "bicubic": 2}  # px


@dataclass(frozen=True)
class Axis:
    """How one axis is resized, int64 scalars: `count` px from `start` on become `size` px, of which those from `shift` on are kept.

    `length` is the number of px of the whole axis, `kept` of the network's; a negative `shift` is an edge of the fill.
    """

    length: Tensor
    start: Tensor
    count: Tensor
    size: Tensor
    shift: Tensor
    kept: int


class Fit(nn.Module):
    """Pictures uint8 `(N, H, W, C)` of one size, fitted: whole numbers from 0 to 255 as float32 `(N, C, h, w)`."""

    def __init__(self, preprocessing: Preprocessing) -> None:
        super().__init__()
        self.of = preprocessing
        self.register_buffer("fill", torch.tensor(preprocessing.border, dtype=torch.float32)[:, None, None], persistent=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """The fitted pictures."""
        vertical, horizontal = self.axes(_number(pictures.shape[1]), _number(pictures.shape[2]))
        rows, columns = torch.arange(pictures.shape[1]), torch.arange(pictures.shape[2])
        channels_first = pictures.permute(0, 3, 1, 2)
        if self.of.interpolation == "nearest":
            fitted = channels_first.index_select(2, _nearest(vertical)).index_select(3, _nearest(horizontal)).to(torch.float32)
        else:
            # columns first, rounded in between, as the kernel does
            fitted = self._resized(channels_first.to(torch.float32), horizontal, columns)
            fitted = self._resized(fitted.transpose(2, 3), vertical, rows).transpose(2, 3)
        if self.of.fit != "pad":
            return fitted
        return torch.where(_inside(vertical)[:, None] & _inside(horizontal), fitted, self.get_buffer("fill"))

    def axes(self, height: Tensor, width: Tensor) -> tuple[Axis, Axis]:
        """How the height and the width of a picture, int64 scalars, are resized."""
        make = {"crop": self._cropped, "pad": self._padded, "stretch": self._stretched}[self.of.fit]
        return make(height, height, width), make(width, height, width)

    def _kept(self, length: Tensor, height: Tensor) -> int:
        return self.of.height if length is height else self.of.width

    def _stretched(self, length: Tensor, height: Tensor, width: Tensor) -> Axis:
        kept, zero = self._kept(length, height), torch.zeros_like(length)
        return Axis(length, zero, length, zero + kept, zero, kept)

    def _padded(self, length: Tensor, height: Tensor, width: Tensor) -> Axis:
        kept = self._kept(length, height)
        factor = torch.minimum(_ratio(self.of.height, height), _ratio(self.of.width, width))
        size = torch.round(length.double() * factor).clamp(1, kept).to(torch.int64)
        return Axis(length, torch.zeros_like(length), length, size, -_halved(kept - size), kept)

    def _cropped(self, length: Tensor, height: Tensor, width: Tensor) -> Axis:
        h, w, kept = self.of.height, self.of.width, self._kept(length, height)
        # the share of the crop as a fraction of whole numbers, whose products are exact where a runtime has no float64
        share = Fraction(self.of.crop_fraction).limit_denominator(10_000)
        by_rows = h * width >= w * height
        above = torch.where(by_rows, h, w) * share.denominator
        below = torch.where(by_rows, height, width) * share.numerator
        factor = torch.maximum(_ratio(h, height), _ratio(w, width)) / self.of.crop_fraction
        start = _halved((length - torch.ceil(_ratio(4 * kept, factor)).to(torch.int64)).clamp(min=0))
        count = length - 2 * start
        size = _quotient(count * above, below).clamp(min=kept)
        return Axis(length, start, count, size, torch.round((size - kept).double() / 2).to(torch.int64), kept)

    def _resized(self, pictures: Tensor, axis: Axis, places: Tensor) -> Tensor:
        """Pictures `(N, C, H, W)` with the width resized, rounded to whole levels."""
        weights, unit = self._weights(axis, places)
        sums = pictures @ weights.T
        return torch.floor((sums + unit / 2) / unit).clamp(0, 255)

    def _weights(self, axis: Axis, places: Tensor) -> tuple[Tensor, Tensor]:
        """Fixed-point weights float32 `(kept, length)`, whole numbers, and the power of two that stands for 1."""
        weights = self._shares(axis, places, _rows(axis))
        # the kernel's precision follows from the largest weight of all rows, of which the first two, at the border, may be cut off
        first = self._shares(axis, places, torch.minimum(torch.arange(2), axis.size - 1))
        most = torch.maximum(weights.amax((0, 1)), first.amax((0, 1)))
        units = torch.tensor([2.0**bits for bits in range(MOST_BITS + 1)], dtype=torch.float64)
        unit = torch.where(most * units + 0.5 < MOST_WEIGHT, units, 1.0).amax(0)
        whole = weights.sign() * torch.floor(weights.abs() * unit + 0.5)
        return whole.to(torch.float32), unit.to(torch.float32)

    def _shares(self, axis: Axis, places: Tensor, rows: Tensor) -> Tensor:
        """The share of each px of the axis in the `rows` of the resized one, float64 `(rows, length)`; rows sum to 1."""
        # twice the distance of two centres, in units of 1 / size, as whole numbers
        apart = (2 * (places - axis.start) + 1) * axis.size - axis.count * (2 * rows[:, None] + 1)
        reach = 2 * (torch.maximum(axis.count, axis.size) if self.of.antialias else axis.size)
        there = (places >= axis.start) & (places < axis.start + axis.count)
        if self.of.interpolation == "bilinear":
            heights = torch.where(there, (reach - apart.abs()).clamp(min=0), 0).double()
        else:
            heights = torch.where(there, _cubic(apart.abs().double() / reach.double(), CUBIC[self.of.antialias]), 0.0)
        return heights / heights.sum(1, keepdim=True)


def _number(n: int) -> Tensor:
    return torch.full((), n, dtype=torch.int64)


def _ratio(above: int, below: Tensor) -> Tensor:
    return _number(above).double() / below.double()  # a Python number over a tensor is its product with 1 / tensor, rounded twice


def _halved(n: Tensor) -> Tensor:
    return torch.floor(n.double() / 2).to(torch.int64)


def _quotient(above: Tensor, below: Tensor) -> Tensor:
    """`above // below` for positive int64, exact also where a runtime divides in float32: products decide."""
    found = torch.floor(above.double() / below.double()).to(torch.int64)
    found = found + ((found + 1) * below <= above).to(torch.int64)
    return found - (found * below > above).to(torch.int64)


def _cubic(x: Tensor, a: float) -> Tensor:
    """Keys' cubic filter at distances `x` ≥ 0, in px."""
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return torch.where(x < 1, near, torch.where(x < 2, far, 0.0))


def _nearest(axis: Axis) -> Tensor:
    """The px of the axis for each of the kept ones, int64 `(kept,)`, by the kernel's float32 ratio."""
    ratio = (axis.count.to(torch.float32) / axis.size.to(torch.float32)).double()
    found = torch.floor(((_rows(axis).double() + 0.5) * ratio).to(torch.float32)).to(torch.int64)
    return axis.start + torch.minimum(found, axis.count - 1)


def _rows(axis: Axis) -> Tensor:
    """The px of the resized axis that are kept, int64 `(kept,)`; at the fill the nearest of them."""
    return torch.minimum((torch.arange(axis.kept) + axis.shift).clamp(min=0), axis.size - 1)


def _inside(axis: Axis) -> Tensor:
    """Which of the kept px are of the picture, bool `(kept,)`; the others are fill."""
    rows = torch.arange(axis.kept) + axis.shift
    return (rows >= 0) & (rows < axis.size)
