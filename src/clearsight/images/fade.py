"""Changes that need nothing of a picture but its grey levels: its colours taken away, and its details.

Pictures are uint8, or float32 in [0, 1], `(N, C, H, W)`; both ways they are changed in whole levels of 0 to 255.
"""

import torch
from torch import Tensor

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
    chosen = plan[:, 0] > 0
    if not chosen.any():
        return pictures
    levels, sigma = _levels(pictures[chosen]).float(), plan[chosen, 0]
    down, along = (_gaussians(sigma, n) for n in pictures.shape[2:])
    rows = torch.matmul(levels, along.transpose(1, 2)[:, None])
    blurred = torch.matmul(down[:, None], (rows + 0.5).floor_())
    made = pictures.clone()
    made[chosen] = _like((blurred + 0.5).floor_(), pictures)
    return made


def _gaussians(sigma: Tensor, n: int) -> Tensor:
    """What each of n px counts in each of the blurred ones, float32 (N, n, n), in multiples of 2⁻¹⁴: sums of levels are then exact."""
    places = torch.arange(n, device=sigma.device)
    reach = 2 * n  # beyond which σ up to a picture's width has nothing left to say
    around = torch.arange(-reach, n + reach, device=sigma.device)
    weights = torch.exp(-0.5 * ((around - places[:, None]) / sigma[:, None, None]) ** 2)
    made = torch.zeros(len(sigma), n, n, device=sigma.device)
    made.index_add_(2, around.clamp(0, n - 1), weights)
    return (made / made.sum(2, keepdim=True) * 2**14).round_() * 2.0**-14


def _levels(pictures: Tensor) -> Tensor:
    return pictures if pictures.dtype == torch.uint8 else (pictures * 255).round()


def _like(levels: Tensor, pictures: Tensor) -> Tensor:
    return levels.clamp(0, 255).to(torch.uint8) if pictures.dtype == torch.uint8 else levels / 255
