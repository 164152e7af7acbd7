"""Key points: places that differ from their surroundings, and their sizes (D. Lowe, IJCV 60, 2004, sections 3 and 4).

Extrema of differences of Gaussians over place and scale, at full resolution throughout; without his refinement to fractions of a pixel.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ...images.blur import blurred

FIRST, STEPS = 0.8, 3  # px, and scales to an octave
LEAST = 0.03  # |difference of Gaussians| of pictures in [0, 1]: Lowe's
EDGE = 10.0  # ratio of the two curvatures, above which a place is on an edge and not at a corner or a blob: Lowe's


class KeyPoint(NamedTuple):
    """Row and column in px, the blob's standard deviation `sigma` in px, and the response: negative for light on dark."""

    row: int
    column: int
    sigma: float
    response: float


def key_points(grey: Tensor) -> list[KeyPoint]:
    """The key points of a grey picture `(H, W)` in [0, 1], the strongest first."""
    ratio = 2 ** (1 / STEPS)
    count = max(4, int(STEPS * math.log2(max(2.0, min(grey.shape) / 8 / FIRST))) + 2)
    sigmas = [FIRST * ratio**i for i in range(count)]
    levels = torch.cat([blurred(grey[None, None].double(), sigma) for sigma in sigmas])[:, 0]
    found = levels[1:] - levels[:-1]  # (scales, H, W)
    extreme = (found.abs() >= LEAST) & (_peaks(found) | _peaks(-found)) & _round(found)
    rows = []
    for scale, row, column in extreme.nonzero().tolist():
        # the difference of σ and kσ is largest for a Gaussian blob of σ·√k
        rows.append(KeyPoint(row, column, sigmas[scale] * math.sqrt(ratio), float(found[scale, row, column])))
    return sorted(rows, key=lambda point: -abs(point.response))


def _peaks(values: Tensor) -> Tensor:
    """Where a value `(S, H, W)` is positive and the largest of its 27 neighbours; false at the first and the last scale and at borders."""
    inner = (values == F.max_pool3d(values[None, None], 3, 1, 1)[0, 0]) & (values > 0)
    within = torch.zeros_like(inner)
    within[1:-1, 1:-1, 1:-1] = True
    return inner & within


def _round(values: Tensor) -> Tensor:
    """Where both curvatures have one sign and their ratio is under `EDGE`."""
    v = F.pad(values[None], (1, 1, 1, 1), mode="replicate")[0]
    xx = v[:, 1:-1, 2:] - 2 * values + v[:, 1:-1, :-2]
    yy = v[:, 2:, 1:-1] - 2 * values + v[:, :-2, 1:-1]
    xy = (v[:, 2:, 2:] - v[:, 2:, :-2] - v[:, :-2, 2:] + v[:, :-2, :-2]) / 4
    trace, determinant = xx + yy, xx * yy - xy**2
    return (determinant > 0) & (trace**2 * EDGE < (EDGE + 1) ** 2 * determinant)
