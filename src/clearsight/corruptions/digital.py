"""Brightness, contrast, saturation, elastic distortion, pixelation and JPEG. Pictures are float32 `(N, C, H, W)` in [0, 1]."""

from collections.abc import Callable
from functools import lru_cache
from itertools import repeat

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ..images import pillow
from ..images.blur import gaussian
from ..images.pillow import through_jpeg
from .rng import Draws


def brightness(x: Tensor, draws: Draws, more: float) -> Tensor:
    """Brightness: `more` added to HSV's value."""
    value = x.amax(1, keepdim=True)  # a change of value scales all three colours
    return torch.where(value > 0, x * ((value + more).clamp(max=1) / value), more)


def contrast(x: Tensor, draws: Draws, part: float) -> Tensor:
    """Contrast: the difference of each channel from its mean times a factor."""
    mean = x.mean((2, 3), keepdim=True)
    return (x - mean) * part + mean


def saturate(x: Tensor, draws: Draws, factor: float, more: float) -> Tensor:
    """Saturation: HSV's, times `factor` plus `more`; grey pictures are unchanged."""
    if x.shape[1] == 1:
        return x
    value = x.amax(1, keepdim=True)  # saturation is (value − smallest colour) / value, and scales all differences from value
    saturation = 1 - x.amin(1, keepdim=True) / value.clamp_min(1e-12)
    wanted = (saturation * factor + more).clamp(0, 1)
    red = torch.tensor([0.0, 1, 1])[:, None, None]  # hue of grey, as published
    return value - torch.where(saturation > 0, (value - x) * (wanted / saturation.clamp_min(1e-12)), value * wanted * red)


def elastic_transform(x: Tensor, draws: Draws, reach: float, sigma: float, corners: float) -> Tensor:
    """Elastic: three points moved by up to `corners`, then each pixel by a smooth field (P. Simard et al., 2003); in shares of the side."""
    height, width = x.shape[-2:]
    side = min(height, width)
    moved = _affine(x, draws.uniform(-corners * side, corners * side, 3, 2))
    smooth = [_smooth(n, sigma * side) for n in (height, width)]
    shifts = [smooth[0] @ shift @ smooth[1].T for shift in draws.uniform(-reach * side, reach * side, 2, height, width)]
    down, right = torch.stack(shifts).unbind(1)
    return _sampled(moved, torch.arange(height)[:, None] + down, torch.arange(width) + right, align=False)


def _affine(x: Tensor, jitter: Tensor) -> Tensor:
    """The affine maps of three points around the centre to the places moved by `jitter` `(N, 3, 2)` (x, y)."""
    height, width = x.shape[-2:]
    middle = torch.tensor([height // 2, width // 2], dtype=torch.float64)  # as published: rows first, although points are (x, y)
    square = min(height, width) // 3
    signs = torch.tensor([[1.0, 1], [1, -1], [-1, -1]], dtype=torch.float64)
    before = middle + square * signs
    after = before + jitter.double()
    ones = torch.ones(len(x), 3, 1, dtype=torch.float64)
    if square == 0:
        return x
    back = torch.linalg.solve(torch.cat([after, ones], 2), before.expand(len(x), -1, -1))  # (N, 3, 2): from new to old
    rows, columns = torch.meshgrid(torch.arange(height).double(), torch.arange(width).double(), indexing="ij")
    places = torch.stack([columns, rows, torch.ones_like(rows)], -1) @ back[:, None]
    return _sampled(x, places[..., 1].float(), places[..., 0].float(), align=True)


def _sampled(x: Tensor, rows: Tensor, columns: Tensor, align: bool) -> Tensor:
    """Bilinear samples at `(N, H, W)`; the border is mirrored at the last pixel's centre (`align`) or at its outer edge."""
    height, width = x.shape[-2:]
    if align:
        grid = torch.stack([2 * columns / max(1, width - 1) - 1, 2 * rows / max(1, height - 1) - 1], -1)
    else:
        grid = torch.stack([(2 * columns + 1) / width - 1, (2 * rows + 1) / height - 1], -1)
    return F.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=align)


@lru_cache(maxsize=16)
def _smooth(n: int, sigma: float) -> Tensor:
    """Gaussian blur along n places as a matrix, float32 `(n, n)`, with mirrored borders for any σ."""
    if sigma <= 0:
        return torch.eye(n)
    weights = gaussian(sigma, 3.0)
    reach, matrix = len(weights) // 2, torch.zeros(n, n, dtype=torch.float64)
    offsets = torch.arange(-reach, reach + 1)
    for i in range(n):
        folded = (i + offsets) % (2 * n)
        matrix[i].index_add_(0, torch.where(folded < n, folded, 2 * n - 1 - folded), weights)
    return matrix.float()


def pixelate(x: Tensor, draws: Draws, scale: float) -> Tensor:
    """Pixelate: reduced by area averages, and enlarged again."""
    height, width = x.shape[-2:]
    small = max(1, int(width * scale)), max(1, int(height * scale))
    return _by_pillow(x, lambda image: image.resize(small, Image.Resampling.BOX).resize((width, height), Image.Resampling.BOX))


def jpeg_compression(x: Tensor, draws: Draws, quality: int) -> Tensor:
    """JPEG compression with this quality."""

    return _by_pillow(x, lambda image: through_jpeg(image, quality))


def _by_pillow(x: Tensor, change: Callable[[Image.Image], Image.Image]) -> Tensor:
    levels = (x.clamp(0, 1) * 255).round().byte()
    return pillow.changed(levels, repeat(change)).float() / 255
