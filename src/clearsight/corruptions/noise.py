"""Noise of sensors and transmission. Pictures are float32 `(N, C, H, W)` in [0, 1]; what leaves this range is cut later."""

import math
from functools import lru_cache

import numpy as np
import torch
from scipy import special
from torch import Tensor

from .rng import Draws

GUIDE = 1024  # places of a draw between 0 and 1 that the search for a count begins from


def gaussian_noise(x: Tensor, draws: Draws, sigma: float) -> Tensor:
    """Little light: normal noise added to every value."""
    return x + sigma * draws.normal(*x.shape[1:])


def shot_noise(x: Tensor, draws: Draws, photons: float) -> Tensor:
    """Light comes in photons: so many at white, in Poisson's numbers, by inversion, since a picture has 256 levels and no more."""
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
    """Cumulated probabilities of 0, 1, … photons by level, `(256, M)`, and counts to begin from by level and a draw's place, `(256, G)`."""
    most = math.ceil(photons + 8 * photons**0.5 + 20)
    sums = torch.from_numpy(special.pdtr(np.arange(most), np.arange(256)[:, None] / 255 * photons)).float()
    sums[:, -1] = 2
    starts = torch.arange(GUIDE).expand(256, -1) / GUIDE
    return sums, torch.searchsorted(sums, starts.contiguous(), right=True).int()


def impulse_noise(x: Tensor, draws: Draws, amount: float) -> Tensor:
    """Salt and pepper: this share of all values is 0 or 1."""
    place = draws.uniform(0, 1, *x.shape[1:])
    return torch.where(place < amount / 2, 0.0, torch.where(place < amount, 1.0, x))


def speckle_noise(x: Tensor, draws: Draws, sigma: float) -> Tensor:
    """Normal noise in proportion to the value."""
    return x + x * sigma * draws.normal(*x.shape[1:])
