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


@dataclass(frozen=True)
class Axes:
    """How height and width are resized, int64 `(2,)` each: `count` px from `start` on become `size`, of which `kept` from `shift` on stay.

    `kept` is the size of the network's input; a negative `shift` is an edge of the fill.
    """

    start: Tensor
    count: Tensor
    size: Tensor
    shift: Tensor
    kept: tuple[int, int]


class Fit(nn.Module):
    """Pictures uint8 `(N, H, W, C)` of one size, fitted: uint8 `(N, C, h, w)`."""

    def __init__(self, preprocessing: Preprocessing) -> None:
        super().__init__()
        self.of = preprocessing
        self.register_buffer("fill", torch.tensor(preprocessing.border, dtype=torch.uint8)[:, None, None], persistent=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """The fitted pictures."""
        axes = self.axes(torch.stack([_number(side) for side in pictures.shape[1:3]]))
        channels_first = pictures.permute(0, 3, 1, 2)
        if self.of.interpolation == "nearest":
            fitted = channels_first.index_select(2, _nearest(axes, 0)).index_select(3, _nearest(axes, 1))
        else:
            # columns first, rounded in between, as the kernel does
            columns = self._resized(channels_first.to(torch.float32), axes, 1)
            fitted = self._resized(columns.transpose(2, 3), axes, 0).transpose(2, 3).to(torch.uint8)
        if self.of.fit != "pad":
            return fitted
        return torch.where(_inside(axes, 0)[:, None] & _inside(axes, 1), fitted, self.get_buffer("fill"))

    def axes(self, sides: Tensor) -> Axes:
        """How pictures of these `sides`, height and width as int64 `(2,)`, are resized."""
        return {"crop": self._cropped, "pad": self._padded, "stretch": self._stretched}[self.of.fit](sides)

    @property
    def _kept(self) -> tuple[int, int]:
        return self.of.height, self.of.width

    def _stretched(self, sides: Tensor) -> Axes:
        zero = torch.zeros_like(sides)
        return Axes(zero, sides, torch.tensor(self._kept), zero, self._kept)

    def _padded(self, sides: Tensor) -> Axes:
        kept = torch.tensor(self._kept)
        factor = (kept.double() / sides.double()).amin(0)
        size = torch.minimum(torch.round(sides.double() * factor).clamp(min=1).to(torch.int64), kept)
        return Axes(torch.zeros_like(sides), sides, size, -_halved(kept - size), self._kept)

    def _cropped(self, sides: Tensor) -> Axes:
        kept = torch.tensor(self._kept)
        # the share of the crop as a fraction of whole numbers, whose products are exact where a runtime has no float64
        share = Fraction(self.of.crop_fraction).limit_denominator(10_000)
        across = kept * sides.flip(0)  # h · W and w · H
        by_rows = across[0] >= across[1]
        above = torch.where(by_rows, *self._kept) * share.denominator
        below = torch.where(by_rows, sides[0], sides[1]) * share.numerator
        factor = (kept.double() / sides.double()).amax(0) / self.of.crop_fraction
        start = _halved((sides - torch.ceil((4 * kept).double() / factor).to(torch.int64)).clamp(min=0))
        count = sides - 2 * start
        size = torch.maximum(_quotient(count * above, below), kept)
        return Axes(start, count, size, torch.round((size - kept).double() / 2).to(torch.int64), self._kept)

    def _resized(self, pictures: Tensor, axes: Axes, axis: int) -> Tensor:
        """Pictures `(N, C, H, W)` with the width resized as the `axis` says, rounded to whole levels."""
        weights, unit = self._weights(axes, axis, pictures.shape[3])
        sums = pictures @ weights.T
        return torch.floor((sums + unit / 2) / unit).clamp(0, 255)

    def _weights(self, axes: Axes, axis: int, length: int) -> tuple[Tensor, Tensor]:
        """Fixed-point weights float32 `(kept, length)`, whole numbers, and the power of two that stands for 1."""
        # the precision follows from the largest weight of all rows: the first two, at the border, may be cut off but count
        first = torch.minimum(torch.arange(2), axes.size[axis] - 1)
        shares = self._shares(axes, axis, torch.cat([_rows(axes, axis), first]), torch.arange(length))
        units = torch.tensor([2.0**bits for bits in range(MOST_BITS + 1)], dtype=torch.float64)
        unit = torch.where(shares.amax((0, 1)) * units + 0.5 < MOST_WEIGHT, units, 1.0).amax(0)
        whole = torch.floor(shares[:-2].abs() * unit + 0.5)
        whole = whole if self.of.interpolation == "bilinear" else whole * shares[:-2].sign()
        return whole.to(torch.float32), unit.to(torch.float32)

    def _shares(self, axes: Axes, axis: int, rows: Tensor, places: Tensor) -> Tensor:
        """The share of each px of the axis in the `rows` of the resized one, float64 `(rows, length)`; rows sum to 1."""
        start, count, size = axes.start[axis], axes.count[axis], axes.size[axis]
        # twice the distance of two centres, in units of 1 / size, as whole numbers
        apart = ((2 * (places - start) + 1) * size - count * (2 * rows[:, None] + 1)).abs()
        reach = 2 * (torch.maximum(count, size) if self.of.antialias else size)
        linear = self.of.interpolation == "bilinear"
        heights = (reach - apart).clamp(min=0).double() if linear else _cubic(apart.double() / reach.double())
        if self.of.fit == "crop":  # of a strip the ends are cut off before it is resized
            heights = torch.where((places >= start) & (places < start + count), heights, 0.0)
        return heights / heights.sum(1, keepdim=True)


def _number(n: int) -> Tensor:
    return torch.full((), n, dtype=torch.int64)


def _halved(n: Tensor) -> Tensor:
    return torch.floor(n.double() / 2).to(torch.int64)


def _quotient(above: Tensor, below: Tensor) -> Tensor:
    """`above // below` for positive int64, exact also where a runtime divides in float32: products decide."""
    found = torch.floor(above.double() / below.double()).to(torch.int64)
    found = found + ((found + 1) * below <= above).to(torch.int64)
    return found - (found * below > above).to(torch.int64)


def _cubic(x: Tensor) -> Tensor:
    """Keys' cubic filter with a = -0.5, that of antialiasing, at distances `x` ≥ 0, in px."""
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return torch.where(x < 1, near, torch.where(x < 2, far, 0.0))


def _nearest(axes: Axes, axis: int) -> Tensor:
    """The px of the axis for each of the kept ones, int64 `(kept,)`, by the kernel's float32 ratio."""
    ratio = (axes.count[axis].to(torch.float32) / axes.size[axis].to(torch.float32)).double()
    found = torch.floor(((_rows(axes, axis).double() + 0.5) * ratio).to(torch.float32)).to(torch.int64)
    return axes.start[axis] + torch.minimum(found, axes.count[axis] - 1)


def _rows(axes: Axes, axis: int) -> Tensor:
    """The px of the resized axis that are kept, int64 `(kept,)`; at the fill the nearest of them."""
    return torch.minimum((torch.arange(axes.kept[axis]) + axes.shift[axis]).clamp(min=0), axes.size[axis] - 1)


def _inside(axes: Axes, axis: int) -> Tensor:
    """Which of the kept px are of the picture, bool `(kept,)`; the others are fill."""
    rows = torch.arange(axes.kept[axis]) + axes.shift[axis]
    return (rows >= 0) & (rows < axes.size[axis])
