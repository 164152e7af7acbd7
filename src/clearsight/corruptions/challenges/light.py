"""Illumination. Pictures are float32 `(N, C, H, W)` in [0, 1]; the result is clamped later."""

import math

import torch
from torch import Tensor

from ..rng import Draws

SOFT = 0.05  # half the width of a shadow's edge, as a share of the side


def brightness(x: Tensor, draws: Draws, strength: float, others: Tensor) -> Tensor:
    """Brightness raised or lowered by `strength`."""
    return x + strength * _sign(draws)


def contrast(x: Tensor, draws: Draws, strength: float, others: Tensor) -> Tensor:
    """Contrast reduced by the share `strength`."""
    mean = x.mean((1, 2, 3), keepdim=True)
    return (x - mean) * (1 - strength) + mean


def gamma(x: Tensor, draws: Draws, strength: float, others: Tensor) -> Tensor:
    """Gamma of 2 to the power of plus or minus `strength`."""
    return x ** (2 ** (strength * _sign(draws)))


def directional(x: Tensor, draws: Draws, strength: float, others: Tensor) -> Tensor:
    """Light from one side: a gradient from 1 + `strength` to 1 − `strength` across the picture."""
    across, down = _facing(x, draws)
    reach = (across.abs() + down.abs()).amax((1, 2, 3), keepdim=True)
    return x * (1 + strength * (across + down) / reach.clamp_min(1e-12))


def shadow(x: Tensor, draws: Draws, strength: float, others: Tensor) -> Tensor:
    """A shadow with a straight edge near the centre that removes this share of the light."""
    across, down = _facing(x, draws)
    edge = draws.uniform(-0.25, 0.25)[:, None, None, None]
    return x * (1 - strength * ((across + down - edge) / (2 * SOFT) + 0.5).clamp(0, 1))


def _facing(x: Tensor, draws: Draws) -> tuple[Tensor, Tensor]:
    """The pixels' coordinates along a random direction from the centre, as two summands, in sides: `(N, 1, 1, W)` and `(N, 1, H, 1)`."""
    angle = draws.uniform(0, 2 * math.pi)[:, None, None, None]
    height, width = x.shape[-2:]
    rows, columns = ((torch.arange(n) + 0.5) / n - 0.5 for n in (height, width))
    return angle.cos() * columns, angle.sin() * rows[:, None]


def _sign(draws: Draws) -> Tensor:
    """1 or -1 for each picture, `(N, 1, 1, 1)`."""
    return (2 * draws.whole(0, 2) - 1).float()[:, None, None, None]
