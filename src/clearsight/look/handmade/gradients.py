"""Histograms of oriented gradients as strokes along the edges, as scikit-image's `hog(visualize=True)` draws them."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...models.handmade.hog import HogFeatures


@dataclass(frozen=True, eq=False)
class Gradients:
    """The histograms float32 `(R, Q, B)` of the cells in the picture, a cell's `side` in px, and the `turn` of the B directions in degrees.

    Direction b is that of the gradient, from dark to light: (b + 0.5)·turn/B degrees, 0 to the right, 90 downwards.
    """

    cells: NDArray[np.float32]
    side: int
    turn: int

    @property
    def sentence(self) -> str:
        """What the cells are, in words."""
        rows, columns, bins = self.cells.shape
        return f"{rows}×{columns} cells of {self.side}×{self.side} px, {bins} directions in {self.turn}°, blocks of 2×2 cells of length 1"

    def edges(self) -> NDArray[np.float32]:
        """The strengths by the direction of the edge, whichever side of it is lighter: `(R, Q, E)`, E of them in 180°."""
        bins = self.cells.shape[2]
        return self.cells if self.turn == 180 else self.cells[..., : bins // 2] + self.cells[..., bins // 2 :]

    def strokes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Strokes `(S, 4)`: x and y of both ends in px, across the gradient; and their strengths `(S,)`, 1 for the largest."""
        strengths = self.edges().astype(np.float64)
        return strokes(strengths, self.side), strengths.ravel() / (strengths.max() or 1.0)

    def to_json(self) -> dict[str, Any]:
        """Sizes, and the histograms."""
        return {"cells": self.cells.tolist(), "side": self.side, "turn": self.turn}


def strokes(strengths: NDArray[Any], side: int, share: float = 0.5) -> NDArray[np.float64]:
    """Strokes `(R·Q·E, 4)` of half length `share` cells for every cell of `(R, Q, E)`: x and y of both ends in px."""
    rows, columns, count = strengths.shape
    angle = math.pi * (np.arange(count) + 0.5) / count  # of the gradient
    across, down = share * side * np.sin(angle), -share * side * np.cos(angle)  # of the edge, a right angle from it
    y, x = (side * (np.arange(n) + 0.5) for n in (rows, columns))
    shape = (rows, columns, count)
    ends = (x[None, :, None] - across, y[:, None, None] - down, x[None, :, None] + across, y[:, None, None] + down)
    return np.stack([np.broadcast_to(one, shape) for one in ends], -1).reshape(-1, 4)


def gradients(model: HogFeatures, x: Tensor) -> Gradients:
    """The histograms of a picture `(1, C, H, W)`; cells that lie outside of it are left out."""
    around = model.hog.around
    with torch.no_grad():
        cells = model.cells(x)[0].float().cpu().numpy()
    inside = cells[around : cells.shape[0] - around, around : cells.shape[1] - around]
    return Gradients(inside, model.side, 360 if model.hog.signed else 180)
