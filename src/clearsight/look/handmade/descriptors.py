"""SIFT's descriptors on their grid, and Lowe's key points."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...models.handmade.sift import GREY, SQUARE, SiftWords
from .key_points import KeyPoint, key_points


@dataclass(frozen=True, eq=False)
class Descriptors:
    """Descriptors float32 `(R, Q, 128)` around `rows` and `columns` in px, each 4×4 bins of `side` px with 8 directions.

    `words` int64 `(R, Q)` are the nearest visual words, None where none have been learnt; `points` the key points, the strongest first.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    side: float
    descriptors: NDArray[np.float32]
    words: NDArray[np.int64] | None
    points: list[KeyPoint]

    @property
    def sentence(self) -> str:
        """What the descriptors are, in words."""
        bins = f"{SQUARE}×{SQUARE} bins of {self.side:g}×{self.side:g} px"
        grid = f"{len(self.rows)}×{len(self.columns)} descriptors of {bins} with 8 directions"
        return f"{grid}; {len(self.points)} key points by the extrema of differences of Gaussians"

    @property
    def strongest(self) -> tuple[int, int]:
        """The place (row, column of the grid) nearest to the strongest key point, the central one without any."""
        row, column = (self.points[0].row, self.points[0].column) if self.points else (self.rows.mean(), self.columns.mean())
        return int(np.abs(self.rows - row).argmin()), int(np.abs(self.columns - column).argmin())

    def to_json(self) -> dict[str, Any]:
        """The grid, the words, and the key points; descriptors only of the place that is drawn."""
        row, column = self.strongest
        drawn = {"row": int(self.rows[row]), "column": int(self.columns[column]), "descriptor": self.descriptors[row, column].tolist()}
        words = None if self.words is None else self.words.tolist()
        grid = {"rows": self.rows.tolist(), "columns": self.columns.tolist(), "side": self.side}
        return {**grid, "drawn": drawn, "words": words, "key_points": [point._asdict() for point in self.points]}


def descriptors(model: SiftWords, x: Tensor) -> Descriptors:
    """The descriptors of a picture `(1, C, H, W)` in [0, 1]."""
    with torch.no_grad():
        found = model.descriptors(x)[0]
        words = (found @ model.words.T - model.words.square().sum(1) / 2).argmax(1) if bool(model.words.any()) else None
    grey = x[0, 0] if x.shape[1] == 1 else torch.einsum("chw,c->hw", x[0], torch.tensor(GREY).to(x))
    shape = (len(model.rows), len(model.columns))
    return Descriptors(
        model.rows.numpy(), model.columns.numpy(), model.bin, found.float().cpu().numpy().reshape(*shape, -1),
        None if words is None else words.cpu().numpy().reshape(shape), key_points(grey.cpu()),
    )  # fmt: skip
