"""Histograms of brightness and colour as bars."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...models.handmade.histogram import HistogramFeatures

CHANNELS = {1: ("brightness",), 3: ("red", "green", "blue")}
HSV = ("hue", "saturation", "value")


@dataclass(frozen=True, eq=False)
class Histograms:
    """Shares float32 `(C, cells, cells, L)` of L levels of each channel in each part of the picture: each histogram adds up to 1."""

    shares: NDArray[np.float32]
    channels: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What the bars are, in words."""
        _, cells, _, levels = self.shares.shape
        parts = f", in each of {cells}×{cells} parts of the picture" if cells > 1 else " of the whole picture"
        return f"share of pixels at each of {levels} levels of {', '.join(self.channels)}{parts}"

    def to_json(self) -> dict[str, Any]:
        """Channels, and the shares."""
        return {"channels": list(self.channels), "shares": self.shares.tolist()}


def histograms(model: HistogramFeatures, vector: NDArray[np.float32]) -> Histograms:
    """The histograms in the features `(D,)` of a picture."""
    levels, cells = model.histogram.levels, model.histogram.cells
    shares = vector.reshape(-1, cells, cells, levels)
    count = len(shares)
    names = HSV if model.histogram.hsv and count == 3 else CHANNELS.get(count, tuple(f"band {i + 1}" for i in range(count)))
    return Histograms(shares, names)
