"""Mild test-time corruptions: shift, brightness, occlusion; barely visible, and deterministic per picture index.

Each is a function of preprocessed pictures uint8 `(N, C, H, W)` and of their indices `(N,)`, which decide place and direction:
a picture is changed in the same way in any batch and for any classifier.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from ..augment.ops.crop import crop
from ..base.randomness import uniform

SHIFT = 1 / 14  # of the side: 2 px of 28, 16 of 224
LIGHT = 51  # levels of 255
COVERED = 1 / 3  # of the side


def shift(pictures: Tensor, indices: Tensor) -> Tensor:
    """Shift by 1/14 of the side in one of eight directions; the border is mirrored."""
    height, width = pictures.shape[2:]
    octant = (uniform(0, 0, indices, "shift")[:, 0] * 8).long()
    ways = torch.tensor([(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)])
    steps = torch.tensor([max(1, round(height * SHIFT)), max(1, round(width * SHIFT))])
    return crop(pictures, (ways[octant] * steps).to(pictures.device), (height, width))


def brightness(pictures: Tensor, indices: Tensor) -> Tensor:
    """Brightness raised or lowered by a fifth of the range, clamped."""
    lighter = uniform(0, 0, indices, "brightness")[:, 0] < 0.5
    change = torch.where(lighter, LIGHT, -LIGHT).to(pictures.device, torch.int16)
    return (pictures.to(torch.int16) + change[:, None, None, None]).clamp_(0, 255).to(torch.uint8)


def occlusion(pictures: Tensor, indices: Tensor) -> Tensor:
    """Occlusion by a grey rectangle of 1/3 of the height and width, at a random place."""
    covered = torch.ones(len(pictures), 1, 1, 1, dtype=torch.bool)
    draws = uniform(0, 0, indices, "occlusion", 2)
    for axis, side in ((2, pictures.shape[2]), (3, pictures.shape[3])):
        length = max(1, round(side * COVERED))
        begin = (draws[:, axis - 2] * (side - length + 1)).long()[:, None]
        place = torch.arange(side)
        inside = (place >= begin) & (place < begin + length)  # (N, side)
        covered = covered & (inside[:, None, :, None] if axis == 2 else inside[:, None, None, :])
    return torch.where(covered.to(pictures.device), torch.tensor(128, dtype=torch.uint8, device=pictures.device), pictures)


CORRUPTIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"shift": shift, "brightness": brightness, "occlusion": occlusion}
