"""Deformation and viewpoint by bilinear resampling; the border pixels are repeated outwards.

Pictures are float32 `(N, C, H, W)` in [0, 1]. Coordinates are in sides of the picture from its centre, x to the right and y down.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from ...images.blur import blurred
from ..rng import Draws

SMOOTH = 0.08  # σ of the elastic field, as a share of the side


def rotation(x: Tensor, draws: Draws, strength: float, others: Tensor) -> Tensor:
    """Rotation by `strength` degrees in either direction."""
    angle = math.radians(strength) * _sign(draws)
    cos, sin, none = angle.cos(), angle.sin(), torch.zeros_like(angle)
    return _linear(x, torch.stack([cos, sin, none, -sin, cos, none], 1))


def scale(x: Tensor, draws: Draws, strength: float, others: Tensor) -> Tensor:
    """Scaling by the factor 1 + `strength`, or its reciprocal."""
    by, none = (1 + strength) ** _sign(draws), torch.zeros(len(x))
    return _linear(x, torch.stack([by, none, none, none, by, none], 1))


def shear(x: Tensor, draws: Draws, strength: float, others: Tensor) -> Tensor:
    """Shear: each row shifted by `strength` times its distance from the central row."""
    by, none = strength * _sign(draws), torch.zeros(len(x))
    return _linear(x, torch.stack([none + 1, by, none, none, none + 1, none], 1))


def translation(x: Tensor, draws: Draws, strength: float, others: Tensor) -> Tensor:
    """Translation by `strength` of the side in a random direction."""
    angle, none = draws.uniform(0, 2 * math.pi), torch.zeros(len(x))
    return _linear(x, torch.stack([none + 1, none, strength * angle.cos(), none, none + 1, strength * angle.sin()], 1))


def perspective(x: Tensor, draws: Draws, strength: float, others: Tensor) -> Tensor:
    """Perspective: each corner moved inwards by up to `strength` of the side along both axes."""
    corners = torch.tensor([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    return _sampled(x, *_through(homography(corners - corners.sign() * draws.uniform(0, strength, 4, 2), corners), x))


def elastic(x: Tensor, draws: Draws, strength: float, others: Tensor) -> Tensor:
    """Elastic deformation by a smooth field whose maximum is `strength` of the side (P. Simard et al., 2003)."""
    field = blurred(draws.uniform(-1, 1, 2, *x.shape[-2:]), SMOOTH * min(x.shape[-2:]))
    field = field / field.norm(dim=1, keepdim=True).amax((1, 2, 3), keepdim=True).clamp_min(1e-12) * strength
    across, down = _places(x)
    return _sampled(x, across + field[:, 0], down + field[:, 1])


def homography(before: Tensor, after: Tensor) -> Tensor:
    """The homographies `(N, 3, 3)`, float64, that map four points `before` `(N, 4, 2)` to `after` `(4, 2)` or `(N, 4, 2)`."""
    before, after = before.double(), after.double().expand(len(before), -1, -1)
    ones, none = torch.ones_like(before[..., :1]), torch.zeros_like(before)
    point = torch.cat([before, ones], 2)
    rows = [
        torch.cat(parts, 2)
        for parts in (
            (point, none, none[..., :1], -before * after[..., :1]),
            (none, none[..., :1], point, -before * after[..., 1:]),
        )
    ]
    found = torch.linalg.solve(torch.cat(rows, 1), torch.cat([after[..., 0], after[..., 1]], 1))
    return torch.cat([found, torch.ones(len(before), 1, dtype=found.dtype)], 1).view(-1, 3, 3)


def _through(maps: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """The mapped x and y of each pixel, `(N, H, W)` each."""
    across, down = _places(x)
    points = torch.stack([across.expand(x.shape[-2:]), down.expand(x.shape[-2:]), torch.ones(x.shape[-2:])], -1).double()
    seen = torch.einsum("nij,hwj->nhwi", maps, points)
    return (seen[..., 0] / seen[..., 2]).float(), (seen[..., 1] / seen[..., 2]).float()


def _linear(x: Tensor, maps: Tensor) -> Tensor:
    """Pictures resampled by the affine maps `(N, 6)`."""
    across, down = _places(x)
    a, b, c, d, e, f = maps[:, :, None, None].unbind(1)
    return _sampled(x, a * across + b * down + c, d * across + e * down + f)


def _places(x: Tensor) -> tuple[Tensor, Tensor]:
    """x `(W,)` and y `(H, 1)` of the pixels' centres."""
    rows, columns = ((torch.arange(n) + 0.5) / n - 0.5 for n in x.shape[-2:])
    return columns, rows[:, None]


def _sampled(x: Tensor, across: Tensor, down: Tensor) -> Tensor:
    grid = torch.stack([2 * across, 2 * down], -1).expand(-1, *x.shape[-2:], -1)
    return F.grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _sign(draws: Draws) -> Tensor:
    """1 or -1 for each picture, `(N,)`."""
    return (2 * draws.whole(0, 2) - 1).float()
