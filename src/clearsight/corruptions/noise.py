"""Noise of sensors and transmission. Pictures are float32 `(N, C, H, W)` in [0, 1]; the result is clamped later."""

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from .rng import Draws

GUIDE = 1024  # intervals of a draw in [0, 1), each with a count to start the search from


def gaussian_noise(x: Tensor, draws: Draws, sigma: float) -> Tensor:
    """Gaussian noise, as in low light."""
    return x + sigma * draws.normal(*x.shape[1:])


def shot_noise(x: Tensor, draws: Draws, photons: float) -> Tensor:
    """Shot noise: Poisson counts with so many photons at white, by inversion of the distribution for each of 256 levels."""
    sums, guide = _poisson(photons)
    draw, level = draws.uniform(0, 1, *x.shape[1:]).flatten(), (x * 255 + 0.5).int().flatten()
    counts = guide.flatten().index_select(0, level * GUIDE + (draw * GUIDE).int())
    places, flat = level * sums.shape[1], sums.flatten()
    going = torch.nonzero(draw >= flat.index_select(0, places + counts))[:, 0]
    while len(going):
        counts[going] += 1
        going = going[draw[going] >= flat[places[going] + counts[going]]]
    return counts.view_as(x) / photons


@lru_cache(maxsize=16)
def _poisson(photons: float) -> tuple[Tensor, Tensor]:
    """Cumulative probabilities of 0, 1, … photons per level, `(256, M)`, and counts to start from per level and interval, `(256, G)`."""
    from scipy import special  # as in blurs.py

    most = math.ceil(photons + 8 * photons**0.5 + 20)
    sums = torch.from_numpy(special.pdtr(np.arange(most), np.arange(256)[:, None] / 255 * photons)).float()
    sums[:, -1] = 2
    starts = torch.arange(GUIDE).expand(256, -1) / GUIDE
    return sums, torch.searchsorted(sums, starts.contiguous(), right=True).int()


def impulse_noise(x: Tensor, draws: Draws, amount: float) -> Tensor:
    """Salt and pepper noise: this share of all values becomes 0 or 1."""
    place = draws.uniform(0, 1, *x.shape[1:])
    return torch.where(place < amount / 2, 0.0, torch.where(place < amount, 1.0, x))


def speckle_noise(x: Tensor, draws: Draws, sigma: float) -> Tensor:
    """Speckle noise: Gaussian, in proportion to the value."""
    return x + x * sigma * draws.normal(*x.shape[1:])
