"""Changes that need nothing of a picture but its grey levels: its colours taken away, and its details.

Pictures are uint8, or float32 in [0, 1], `(N, C, H, W)`; both ways they are changed in whole levels of 0 to 255.
"""

from functools import partial

import torch
from torch import Tensor

from .select import changed

Size = tuple[int, int]
Shape = tuple[int, int, int]
SHARPEST = 0.1  # px: SimCLR's least σ


def plan_grey(draws: Tensor, strengths: tuple[float, ...], shape: Shape) -> Tensor:
    """Whether each loses its colours, bool (N, 1, 1, 1)."""
    return (draws < strengths[0])[:, :, None, None]


def grey(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Luma of ITU-R BT.601, as Pillow rounds it, in all three channels where `plan` says so."""
    if pictures.shape[1] != 3:
        return pictures
    red, green, blue = _levels(pictures).int().unbind(1)
    luma = (19595 * red + 38470 * green + 7471 * blue + 2**15) >> 16
    return torch.where(plan, _like(luma, pictures)[:, None], pictures)


def plan_blur(draws: Tensor, strengths: tuple[float, ...], shape: Shape) -> Tensor:
    """σ of each in px, (N, 1): of half the pictures from 0.1 to the strength, of the others 0."""
    chosen, share = draws.unbind(1)
    return torch.where(chosen < 0.5, SHARPEST + (strengths[0] - SHARPEST) * share, 0.0)[:, None]


def blur(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Lay a Gaussian over those with a σ; outside of a picture its border goes on."""
    here = torch.nonzero(plan[:, 0] > 0)[:, 0]
    if not len(here):
        return pictures
    return changed(pictures, here, partial(_blurred, sigma=plan[here, 0]))


def _blurred(pictures: Tensor, sigma: Tensor) -> Tensor:
    n, channels, height, width = pictures.shape
    down = _gaussians(sigma, height)
    along = down if width == height else _gaussians(sigma, width)
    lines = _levels(pictures).transpose(1, 2).contiguous().float().view(n, height * channels, width)  # a line's colours one below the other
    lines = torch.bmm(lines, along.transpose(1, 2)).add_(0.5).floor_()
    blurred = torch.bmm(down, lines.view(n, height, channels * width)).add_(0.5)
    return _like(blurred.view(n, height, channels, width).transpose(1, 2), pictures)


def _gaussians(sigma: Tensor, n: int) -> Tensor:
    """What each of n px counts in each of the blurred ones, float32 (N, n, n), in multiples of 2⁻¹⁴: sums of levels are then exact."""
    reach = 2 * n  # beyond which σ up to a picture's width has nothing left to say
    powers = -0.5 * (torch.arange(reach + 1, device=sigma.device) / sigma[:, None]) ** 2
    weights = torch.exp(powers.clamp_(min=-60))  # nothing, too, but no denormal number, over which a CPU takes ten times as long
    weights = (weights / (2 * weights.sum(1, keepdim=True) - 1) * 2**14).round_() * 2.0**-14
    weights[:, 0] = 1 - 2 * weights[:, 1:].sum(1)
    tails = weights.flip(1).cumsum(1).flip(1)[:, :n]  # from each distance on: what lies outside counts as the border
    there_and_back = torch.cat((weights[:, 1:n].flip(1), weights[:, :n]), 1)
    made = there_and_back.unfold(1, n, 1).flip(1)  # row i: distances from i to each px
    made[:, :, 0], made[:, :, -1] = tails, tails.flip(1)
    return made


def _levels(pictures: Tensor) -> Tensor:
    return pictures if pictures.dtype == torch.uint8 else (pictures * 255).round()


def _like(levels: Tensor, pictures: Tensor) -> Tensor:
    return levels.to(torch.int16).to(torch.uint8) if pictures.dtype == torch.uint8 else levels.floor() / 255  # cut off both times
