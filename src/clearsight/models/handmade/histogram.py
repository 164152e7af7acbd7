"""Histograms of brightness and colour. M. J. Swain, D. H. Ballard, Color indexing, Int. J. of Computer Vision 7, 1991.

Frequencies of the levels, independent of their places. With `cells` 4×4 parts of the picture have separate histograms, which
keep coarse places. Each channel has its own histogram: 32 levels of three colours are 96 numbers, not 32,768.

Shapes: N pictures, C channels, L levels.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from ...images.colour import hsv
from ..base import Model
from .pixels import zero_head


class Histogram(NamedTuple):
    """Levels of each channel, cells to a side of the picture, and whether colours are hue, saturation, value."""

    levels: int = 32
    cells: int = 1
    hsv: bool = False


PAPER = (1991, "Swain, Ballard: Color indexing")
TABLE = {
    "histogram": Histogram(),
    "histogram-cells": Histogram(cells=4),
    "histogram-hsv": Histogram(hsv=True),
    "histogram-hsv-cells": Histogram(cells=4, hsv=True),
}
CLASSES, SMALLEST, RECIPE, NORMALISED = 10, 4, "solved", False
INPUT = {name: (3 if row.hsv else 1, 28, 28) for name, row in TABLE.items()}


class HistogramFeatures(Model):
    """Softmax regression on the shares of the levels, in the order (channel, row, column, level)."""

    HALVES = False

    def __init__(self, histogram: Histogram, classes: int, channels: int, height: int, width: int) -> None:
        super().__init__()
        self.histogram, cells = histogram, histogram.cells
        places = [torch.arange(side) * cells // side for side in (height, width)]
        self.register_buffer("cell", places[0][:, None] * cells + places[1], persistent=False)  # (H, W)
        self.fc = zero_head(channels * cells**2 * histogram.levels, classes)

    def features(self, x: Tensor) -> Tensor:
        """`(N, D)` of pictures `(N, C, H, W)` in units of [0, 1]; a histogram adds up to 1, and has no gradient."""
        levels, cells = self.histogram.levels, self.histogram.cells**2
        if self.histogram.hsv and x.shape[1] == 3:
            x = hsv(x)
        level = (x * levels).long().clamp_(0, levels - 1) + self.get_buffer("cell") * levels  # (N, C, H, W)
        counts = torch.zeros(*x.shape[:2], cells * levels, dtype=x.dtype, device=x.device)
        counts.scatter_add_(2, level.flatten(2), torch.ones_like(x).flatten(2))
        found = counts.unflatten(2, (cells, levels))
        shares: Tensor = found / found.sum(3, keepdim=True)
        return shares.flatten(1)


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> HistogramFeatures:
    """Softmax regression on histograms; it has no dropout."""
    return HistogramFeatures(TABLE[name], classes, channels, height, width)
