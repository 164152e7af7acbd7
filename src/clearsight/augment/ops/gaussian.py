"""Random Gaussian blur (SimCLR's), exact on uint8: each picture has its own σ, and the same result in any batch.

Pictures are uint8, or float32 in [0, 1], `(N, C, H, W)`. `images.blur.blurred` is faster where one σ serves the whole batch.
"""

from functools import partial

import torch
from torch import Tensor

from ..levels import as_levels, truncated_like
from ..op import Shape, Size, Strengths
from ..select import changed

MIN_SIGMA = 0.1  # px, as in SimCLR


def plan_blur(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """σ of each picture in px, `(N, 1)`: from 0.1 to the strength for half of them, 0 for the others."""
    chosen, share = draws.unbind(1)
    return torch.where(chosen < 0.5, MIN_SIGMA + (strengths[0] - MIN_SIGMA) * share, 0.0)[:, None]


def blur(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Blur the pictures with a σ above 0; the border pixels are repeated outwards."""
    here = torch.nonzero(plan[:, 0] > 0)[:, 0]
    if not len(here):
        return pictures
    return changed(pictures, here, partial(_blurred, sigma=plan[here, 0]))


def _blurred(pictures: Tensor, sigma: Tensor) -> Tensor:
    n, channels, height, width = pictures.shape
    down = _matrices(sigma, height)
    along = down if width == height else _matrices(sigma, width)
    rows = (
        as_levels(pictures).transpose(1, 2).contiguous().float().view(n, height * channels, width)
    )  # the channels of a row, one after another
    rows = torch.bmm(rows, along.transpose(1, 2)).add_(0.5).floor_()
    blurred = torch.bmm(down, rows.view(n, height, channels * width)).add_(0.5)
    return truncated_like(blurred.view(n, height, channels, width).transpose(1, 2), pictures)


def _matrices(sigma: Tensor, n: int) -> Tensor:
    """The blur along a side of `n` px as matrices float32 (N, n, n), in multiples of 2⁻¹⁴, so that sums of levels are exact."""
    reach = 2 * n  # further away, weights vanish for every σ up to a picture's width
    powers = -0.5 * (torch.arange(reach + 1, device=sigma.device) / sigma[:, None]) ** 2
    weights = torch.exp(powers.clamp_(min=-60))  # rounded to 0 below; smaller values would be denormal, ten times as slow on a CPU
    weights = (weights / (2 * weights.sum(1, keepdim=True) - 1) * 2**14).round_() * 2.0**-14
    weights[:, 0] = 1 - 2 * weights[:, 1:].sum(1)
    tails = weights.flip(1).cumsum(1).flip(1)[:, :n]  # the weight from each distance on: outside of the picture is the border pixel
    both_sides = torch.cat((weights[:, 1:n].flip(1), weights[:, :n]), 1)
    matrices = both_sides.unfold(1, n, 1).flip(1)  # row i: weights by the distance from i to each pixel
    matrices[:, :, 0], matrices[:, :, -1] = tails, tails.flip(1)
    return matrices
