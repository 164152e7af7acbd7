"""Illumination. Pictures are float32 `(N, C, H, W)` in [0, 1]; what leaves this range is cut later."""

import math

import torch
from torch import Tensor

from ..rng import Draws

SOFT = 0.05  # of the side: half the width of a shadow's edge


def brightness(x: Tensor, draws: Draws, strength: float, others: Tensor) -> Tensor:
    """Lighter or darker by `strength`."""
    return x + strength * _sign(draws)


def contrast(x: Tensor, draws: Draws, strength: float, others: Tensor) -> Tensor:
    """Without this share of the difference from the picture's mean."""
    mean = x.mean((1, 2, 3), keepdim=True)
    return (x - mean) * (1 - strength) + mean


def gamma(x: Tensor, draws: Draws, strength: float, others: Tensor) -> Tensor:
    """Midtones lighter or darker: to the power of 2 by plus or minus `strength`."""
    return x ** (2 ** (strength * _sign(draws)))


def directional(x: Tensor, draws: Draws, strength: float, others: Tensor) -> Tensor:
    """Light from one side: lighter by this share at one border, darker by it at the other."""
    across, down = _facing(x, draws)
    reach = (across.abs() + down.abs()).amax((1, 2, 3), keepdim=True)
    return x * (1 + strength * (across + down) / reach.clamp_min(1e-12))


def shadow(x: Tensor, draws: Draws, strength: float, others: Tensor) -> Tensor:
    """A shadow with a straight edge near the middle takes this share of the light."""
    across, down = _facing(x, draws)
    edge = draws.uniform(-0.25, 0.25)[:, None, None, None]
    return x * (1 - strength * ((across + down - edge) / (2 * SOFT) + 0.5).clamp(0, 1))


def _facing(x: Tensor, draws: Draws) -> tuple[Tensor, Tensor]:
    """How far each pixel is from the middle along a drawn direction, as two parts, in sides: `(N, 1, 1, W)` and `(N, 1, H, 1)`."""
    angle = draws.uniform(0, 2 * math.pi)[:, None, None, None]
    height, width = x.shape[-2:]
    rows, columns = ((torch.arange(n) + 0.5) / n - 0.5 for n in (height, width))
    return angle.cos() * columns, angle.sin() * rows[:, None]


def _sign(draws: Draws) -> Tensor:
    """1 or -1 for each picture, `(N, 1, 1, 1)`."""
    return (2 * draws.whole(0, 2) - 1).float()[:, None, None, None]
