"""Defocus, glass, motion and zoom blur. Pictures are float32 `(N, C, H, W)` in [0, 1]."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..images.blur import blurred
from .rng import Draws


def gaussian_blur(x: Tensor, draws: Draws, sigma: float) -> Tensor:
    """Gaussian blur of `sigma` px."""
    return blurred(x, sigma)


def defocus_blur(x: Tensor, draws: Draws, radius: float, smooth: float) -> Tensor:
    """Defocus: convolution with a disk of `radius` px whose edge is blurred by a Gaussian; the border is mirrored."""
    from scipy import fft  # half a second, which a training whose report names corruptions need not wait for

    kernel = disk(radius, smooth).to(x)
    reach, (height, width) = len(kernel) // 2, x.shape[-2:]
    wide = _mirrored(x, reach)
    size = [fft.next_fast_len(n, real=True) for n in wide.shape[-2:]]
    product = torch.fft.rfft2(wide, s=size) * torch.fft.rfft2(kernel, s=size)
    blurred_wide: Tensor = torch.fft.irfft2(product, s=size)
    return blurred_wide[..., 2 * reach : 2 * reach + height, 2 * reach : 2 * reach + width]


def disk(radius: float, smooth: float) -> Tensor:
    """The disk, float64 `(2·R + 1, 2·R + 1)`, normalised to sum 1 before its edge is blurred."""
    few = 1 if radius <= 8 else 2
    reach = min(8, math.floor(radius) + 2) if radius <= 8 else math.floor(radius)  # cut off at the published kernel
    side = torch.arange(-reach, reach + 1, dtype=torch.float64)
    kernel = (side[:, None] ** 2 + side**2 <= radius**2).double()
    kernel /= kernel.sum()
    weights = torch.exp(-0.5 * (torch.arange(-few, few + 1, dtype=torch.float64) / smooth) ** 2)
    weights /= weights.sum()
    padded = F.pad(kernel[None, None], (few,) * 4, mode="reflect")
    return F.conv2d(F.conv2d(padded, weights[None, None, :, None]), weights[None, None, None])[0, 0]


def glass_blur(x: Tensor, draws: Draws, sigma: float, shift: float, times: int) -> Tensor:
    """Glass blur: Gaussian blur, `times` rounds of swaps with neighbours up to `shift` px away, and Gaussian blur.

    As published, pixels are changed one by one from the lower right to the upper left, and a copied one may have been
    changed before: the original place of each value is traced, for all pixels at once.
    """
    reach, (channels, height, width) = max(1, round(shift)), x.shape[1:]
    levels = _levels(blurred(x, sigma))
    number = torch.arange(height * width).view(height, width)
    rows, columns = torch.arange(height)[:, None], torch.arange(width)
    inside = (rows > reach) & (rows <= height - reach) & (columns > reach) & (columns <= width - reach)
    for _ in range(times):
        up, left = draws.whole(-reach, reach, 2, height, width).unbind(1)
        source = (rows + up).clamp(0, height - 1) * width + (columns + left).clamp(0, width - 1)
        source = torch.where(inside, source, number).flatten(1)  # (N, H·W)
        place = source.clone()
        own = number.flatten()
        going = place > own
        while bool(going.any()):
            onward = source.gather(1, place)
            place, going = torch.where(going, onward, place), going & (onward > place)
        levels = levels.flatten(2).gather(2, place[:, None].expand(-1, channels, -1)).view_as(x)
    return blurred(levels / 255, sigma)


def motion_blur(x: Tensor, draws: Draws, radius: float, sigma: float) -> Tensor:
    """Motion blur along a line within 45° of the horizontal, as in ImageMagick."""
    return moved(x, draws.uniform(-45, 45), radius, sigma)


def moved(x: Tensor, degrees: Tensor, radius: float, sigma: float) -> Tensor:
    """The one-sided Gaussian mean of each picture along its own direction `(N,)`; the border pixels are repeated."""
    length = 2 * math.ceil(radius) + 1
    fading = torch.exp(-(torch.arange(length, dtype=torch.float64) ** 2) / (2 * sigma**2))
    weights = (fading / fading.sum()).tolist()
    reach, angle, (height, width) = length - 1, torch.deg2rad(degrees.double()), x.shape[-2:]
    steps = torch.arange(length, dtype=torch.float64)
    down, right = (torch.ceil(steps * way[:, None] - 0.5).long().tolist() for way in (angle.sin(), angle.cos()))
    wide, total = F.pad(x, (reach,) * 4, mode="replicate"), torch.zeros_like(x)
    for picture, made, *ways in zip(wide, total, down, right, strict=True):
        for weight, top, left in zip(weights, *ways, strict=True):
            made.add_(picture[:, reach + top : reach + top + height, reach + left : reach + left + width], alpha=weight)
    return total


def zoom_blur(x: Tensor, draws: Draws, end: float, step: float) -> Tensor:
    """Zoom blur: the mean of the picture and its enlargements by 1, 1 + step, … to about `end`, by numpy's `arange` as published."""
    factors, total = np.arange(1, end, step), x.clone()
    for factor in factors.tolist():
        total += zoomed(x, factor)
    return total / (len(factors) + 1)


def zoomed(x: Tensor, factor: float) -> Tensor:
    """The centre of pictures enlarged to their size, bilinearly."""
    height, width = x.shape[-2:]
    cut = [math.ceil(n / factor) for n in (height, width)]
    top, left = ((n - c) // 2 for n, c in zip((height, width), cut, strict=True))
    size = [max(round(c * factor), n) for n, c in zip((height, width), cut, strict=True)]
    large = F.interpolate(x[..., top : top + cut[0], left : left + cut[1]], size, mode="bilinear", align_corners=True)
    top, left = ((s - n) // 2 for n, s in zip((height, width), size, strict=True))
    return large[..., top : top + height, left : left + width]


def _levels(x: Tensor) -> Tensor:
    """Truncate to whole levels, float32 from 0 to 255."""
    return (x.clamp(0, 1) * 255).floor()


def _mirrored(x: Tensor, reach: int) -> Tensor:
    """Pad by `reach` px on every side, mirrored at the border pixel repeatedly if needed."""
    height, width = x.shape[-2:]
    rows, columns = (_bounced(torch.arange(-reach, n + reach), n) for n in (height, width))
    return x[..., rows, :][..., columns]


def _bounced(places: Tensor, n: int) -> Tensor:
    if n == 1:
        return torch.zeros_like(places)
    folded = places.abs() % (2 * n - 2)
    return torch.where(folded < n, folded, 2 * n - 2 - folded)
