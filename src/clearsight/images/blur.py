"""Gaussians laid over pictures."""

import torch
import torch.nn.functional as F
from torch import Tensor

TRUNCATE = 4.0  # standard deviations


def gaussian(sigma: float, truncate: float = TRUNCATE) -> Tensor:
    """A Gaussian's values, float64 `(2·R + 1,)` with R = truncate·sigma rounded, together 1: scipy.ndimage's."""
    radius = int(truncate * sigma + 0.5)
    weights = torch.exp(-0.5 * (torch.arange(-radius, radius + 1, dtype=torch.float64) / sigma) ** 2)
    return weights / weights.sum()


def blurred(x: Tensor, sigma: float) -> Tensor:
    """Pictures `(N, C, H, W)` under a Gaussian of `sigma` px; outside of the picture its border goes on."""
    weights = gaussian(sigma).to(x)
    radius, planes = len(weights) // 2, x.flatten(0, 1)[:, None]
    planes = F.conv2d(F.pad(planes, (0, 0, radius, radius), mode="replicate"), weights[None, None, :, None])
    planes = F.conv2d(F.pad(planes, (radius, radius, 0, 0), mode="replicate"), weights[None, None, None])
    return planes.view_as(x)
