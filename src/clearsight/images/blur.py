"""Gaussian blur with one σ for a batch. `augment.gaussian` has one σ per picture, exact on uint8; sift OpenCV's border."""

import torch
import torch.nn.functional as F
from torch import Tensor

TRUNCATE = 4.0  # standard deviations


def gaussian(sigma: float, truncate: float = TRUNCATE) -> Tensor:
    """The kernel of a Gaussian, float64 `(2·R + 1,)` with R = truncate·sigma rounded and sum 1, as in scipy.ndimage."""
    radius = int(truncate * sigma + 0.5)
    weights = torch.exp(-0.5 * (torch.arange(-radius, radius + 1, dtype=torch.float64) / sigma) ** 2)
    return weights / weights.sum()


def blurred(x: Tensor, sigma: float) -> Tensor:
    """Pictures `(N, C, H, W)` blurred with `sigma` px, the border pixels repeated outwards; the same in any batch."""
    weights = gaussian(sigma).tolist()
    radius = len(weights) // 2
    for axis, room in ((2, (0, 0, radius, radius)), (3, (radius, radius, 0, 0))):
        n, wide = x.shape[axis], F.pad(x, room, mode="replicate")
        x = x * weights[radius]
        for i in range(radius):  # sums of shifted pictures are several times as fast as a convolution with one channel
            x.add_(wide.narrow(axis, i, n) + wide.narrow(axis, 2 * radius - i, n), alpha=weights[i])
    return x
