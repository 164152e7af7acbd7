"""The lecture's convolution by hand: a filter slides over a small picture; ReLU; max pooling; the curve detector."""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

PICTURE = (
    (255, 220, 150, 200, 110, 100), (240, 50, 35, 45, 200, 130), (0, 20, 245, 250, 230, 120),
    (170, 180, 235, 145, 170, 255), (190, 185, 170, 165, 130, 120), (255, 255, 245, 190, 200, 175),
)  # fmt: skip
FILTER = ((-0.7, 0.2, 0.1), (0.3, 0.5, 0.4), (-0.2, -0.4, 0.2))
CURVE = (
    (0, 0, 0, 0, 0, 30, 0), (0, 0, 0, 0, 30, 0, 0), (0, 0, 0, 30, 0, 0, 0), (0, 0, 0, 30, 0, 0, 0),
    (0, 0, 0, 30, 0, 0, 0), (0, 0, 0, 30, 0, 0, 0), (0, 0, 0, 0, 0, 0, 0),
)  # fmt: skip
MATCH = (
    (0, 0, 0, 0, 0, 0, 30), (0, 0, 0, 0, 50, 50, 50), (0, 0, 0, 20, 50, 0, 0), (0, 0, 0, 50, 50, 0, 0),
    (0, 0, 0, 50, 50, 0, 0), (0, 0, 0, 50, 50, 0, 0), (0, 0, 0, 50, 50, 0, 0),
)  # fmt: skip
NO_MATCH = (  # a shape whose bright pixels meet the filter nowhere
    (0, 0, 0, 0, 0, 0, 0), (0, 40, 0, 0, 0, 0, 0), (40, 0, 40, 0, 0, 0, 0), (40, 20, 0, 0, 0, 0, 0),
    (0, 50, 0, 0, 0, 0, 0), (0, 0, 50, 0, 0, 0, 0), (25, 25, 0, 50, 0, 0, 0),
)  # fmt: skip
POOLED = ((1, 1, 2, 4), (5, 6, 7, 8), (3, 2, 1, 0), (1, 2, 3, 4))
TRANSPOSED = (
    "The lecture prints this map transposed: its first row is our first column. Here row i, column j of the map is the filter laid "
    "with its corner on row i, column j of the picture: {value:g} in row {row}, column {column} corresponds to the lecture's {other:g}."
)


@dataclass(frozen=True)
class Step:
    """One place of the filter: the patch under it, the products, their sum."""

    row: int
    column: int
    patch: Tensor
    products: Tensor
    sum: float


@dataclass(frozen=True)
class Convolution:
    """A picture, a filter, every step, and the maps (float64, rows by rows); without room to pool, `max_pool` is empty."""

    picture: Tensor
    filter: Tensor
    steps: tuple[Step, ...]
    feature_map: Tensor
    relu: Tensor
    max_pool: Tensor

    def to_json(self) -> dict[str, Any]:
        """As `look convolution --json` has it."""
        return {name: tidy(getattr(self, name)).tolist() for name in ("feature_map", "relu", "max_pool")}


def convolve(picture: Any, filter: Any) -> Convolution:
    """The filter (not flipped, as networks do it) at every place of the picture, at stride 1 and without padding."""
    x, kernel = (torch.as_tensor(values, dtype=torch.float64) for values in (picture, filter))
    rows, columns = (n - k + 1 for n, k in zip(x.shape, kernel.shape, strict=True))
    steps = []
    for i in range(rows):
        for j in range(columns):
            patch = x[i : i + kernel.shape[0], j : j + kernel.shape[1]]
            steps.append(Step(i, j, patch, patch * kernel, float((patch * kernel).sum())))
    found = torch.tensor([step.sum for step in steps], dtype=torch.float64).view(rows, columns)
    relu = found.clamp(min=0)
    pooled = F.max_pool2d(relu[None], 2)[0] if min(rows, columns) > 1 else torch.zeros(0, dtype=torch.float64)
    return Convolution(x, kernel, tuple(steps), tidy(found), tidy(relu), tidy(pooled))


def tidy(values: Tensor) -> Tensor:
    """Without the last digits of floating point, and without -0."""
    return values.round(decimals=9) + 0.0


def lecture() -> Convolution:
    """The worked example of 6×6 pixels."""
    return convolve(PICTURE, FILTER)


def transposed_remark(found: Convolution) -> str:
    """Where the lecture's print differs from the map."""
    return TRANSPOSED.format(value=float(found.feature_map[0, 2]), row=1, column=3, other=float(found.feature_map[2, 0]))
