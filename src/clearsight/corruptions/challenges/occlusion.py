"""Occlusion and clutter. Pictures are float32 `(N, C, H, W)` in [0, 1]; `others` are other pictures of that shape."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..rng import Draws

GREY = 0.5


def grey_patch(x: Tensor, draws: Draws, strength: float, others: Tensor) -> Tensor:
    """A grey rectangle of this share of the area, at a random place."""
    return torch.where(_anywhere(x, draws, strength), GREY, x)


def foreign_patch(x: Tensor, draws: Draws, strength: float, others: Tensor) -> Tensor:
    """A piece of another picture, of this share of the area, at a random place."""
    return torch.where(_anywhere(x, draws, strength), others, x)


def covered_at(x: Tensor, row: int, column: int, grid: int, share: float) -> Tensor:
    """Pictures of any dtype with a grey square of `share` of each side around the centre of cell (row, column) of a grid."""
    height, width = x.shape[-2:]
    inside = []
    for cell, n in ((row, height), (column, width)):
        places = (torch.arange(n) + 0.5) / n
        inside.append((places - (cell + 0.5) / grid).abs() <= share / 2)
    grey = torch.tensor(128 if x.dtype == torch.uint8 else GREY, dtype=x.dtype)
    return torch.where(inside[0][:, None] & inside[1], grey, x)


def blended(x: Tensor, draws: Draws, strength: float, others: Tensor) -> Tensor:
    """Blend with another picture of this weight."""
    return (1 - strength) * x + strength * others


def surrounded(x: Tensor, draws: Draws, strength: float, others: Tensor) -> Tensor:
    """The picture reduced by this share of its sides, at a random place on another picture."""
    height, width = x.shape[-2:]
    small = [max(1, round(n * (1 - strength))) for n in (height, width)]
    shrunk, made = F.interpolate(x, small, mode="bilinear", antialias=True), others.clone()
    starts = [(draws.uniform(0, 1) * (n - less + 1)).long().tolist() for n, less in zip((height, width), small, strict=True)]
    for i, (top, left) in enumerate(zip(*starts, strict=True)):
        made[i, :, top : top + small[0], left : left + small[1]] = shrunk[i]
    return made


def _anywhere(x: Tensor, draws: Draws, share: float) -> Tensor:
    """Rectangles of `share` of the area with the picture's proportions, completely inside: bool `(N, 1, H, W)`."""
    inside = []
    for n in x.shape[-2:]:
        length = max(1, round(n * share**0.5))
        begin = (draws.uniform(0, 1) * (n - length + 1)).long()[:, None]
        places = torch.arange(n)
        inside.append((places >= begin) & (places < begin + length))
    found: Tensor = inside[0][:, None, :, None] & inside[1][:, None, None]
    return found
