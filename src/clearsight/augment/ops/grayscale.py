"""Random grayscale, exact on uint8. Pictures are uint8, or float32 in [0, 1], `(N, C, H, W)`."""

import torch
from torch import Tensor

from ..levels import as_levels, truncated_like
from ..op import Shape, Size, Strengths


def plan_grayscale(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """Which pictures become grey, bool `(N, 1, 1, 1)`; the strength is the probability."""
    return (draws < strengths[0])[:, :, None, None]


def grayscale(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Luma of ITU-R BT.601, rounded as Pillow does, in all three channels of the planned pictures."""
    if pictures.shape[1] != 3:
        return pictures
    red, green, blue = as_levels(pictures).int().unbind(1)
    luma = (19595 * red + 38470 * green + 7471 * blue + 2**15) >> 16
    return torch.where(plan, truncated_like(luma, pictures)[:, None], pictures)
