"""Noise of sensors and transmission. Pictures are float32 `(N, C, H, W)` in [0, 1]; what leaves this range is cut later."""

import torch
from torch import Tensor

from ..draws import Draws


def gaussian_noise(x: Tensor, draws: Draws, sigma: float) -> Tensor:
    """Little light: normal noise added to every value."""
    return x + sigma * draws.normal(*x.shape[1:])


def shot_noise(x: Tensor, draws: Draws, photons: float) -> Tensor:
    """Light comes in photons: so many at white, in Poisson's numbers."""
    return draws.poisson(x * photons) / photons


def impulse_noise(x: Tensor, draws: Draws, amount: float) -> Tensor:
    """Salt and pepper: this share of all values is 0 or 1."""
    place = draws.uniform(0, 1, *x.shape[1:])
    return torch.where(place < amount / 2, 0.0, torch.where(place < amount, 1.0, x))


def speckle_noise(x: Tensor, draws: Draws, sigma: float) -> Tensor:
    """Normal noise in proportion to the value."""
    return x + x * sigma * draws.normal(*x.shape[1:])
