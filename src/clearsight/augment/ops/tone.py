"""Tone: changes of levels alone, by a table of 256 entries for each picture, or by its histogram.

Pictures are uint8 `(N, C, H, W)`; floats in [0, 1] are rounded to levels first.
"""

import math

import torch
from torch import Tensor

from ..levels import quantised
from ..op import Shape, Size, Strengths


def plan_gamma(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """Gamma: levels to the power of up to 1 + the strength, or its reciprocal."""
    power = torch.exp((2 * draws[:, :1] - 1) * math.log1p(strengths[0]))
    return _as_table(_ramp(draws).pow(power))


def plan_exposure(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """Exposure changed by up to the strength in stops (doublings), in linear light (sRGB decoded and encoded)."""
    ramp = _ramp(draws)
    light = torch.where(ramp <= 0.04045, ramp / 12.92, ((ramp + 0.055) / 1.055) ** 2.4)
    light = (light * torch.exp2(strengths[0] * (2 * draws[:, :1] - 1))).clamp(max=1)
    return _as_table(torch.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055))


def plan_solarise(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """Levels from a threshold on inverted, with the strength as probability; the threshold is in the upper half."""
    ramp, limit = _ramp(draws), 0.5 + 0.5 * draws[:, 1:]
    return _as_table(torch.where((draws[:, :1] < strengths[0]) & (ramp >= limit), 1 - ramp, ramp))


def plan_posterise(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """Bits per level, from the strength to 8: the lower ones are cleared."""
    bits = strengths[0] + torch.floor(draws[:, :1] * (9 - strengths[0]))
    step = 2 ** (8 - bits)
    return (torch.arange(256, device=draws.device) // step * step).to(torch.uint8)


def apply_table(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Look each level up in the table of its picture."""
    levels = quantised(pictures)
    return plan.gather(1, levels.flatten(1).long()).view_as(levels)


def plan_mask(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """Which pictures are changed, bool `(N, 1, 1, 1)`; the strength is the probability."""
    return (draws[:, :1] < strengths[0])[:, :, None, None]


def equalise(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Equalise the histogram of each channel, as Pillow's `ImageOps.equalize`."""
    levels = quantised(pictures)
    planes = levels.flatten(0, 1).flatten(1).long()  # (N·C, H·W)
    counts = torch.zeros(len(planes), 256, dtype=torch.int64, device=planes.device).scatter_add_(1, planes, torch.ones_like(planes))
    last = counts.gather(1, planes.amax(1, keepdim=True))
    step = (planes.shape[1] - last) // 255
    table = ((step // 2 + counts.cumsum(1) - counts) // step.clamp_min(1)).clamp_(0, 255)
    equalised = table.gather(1, planes).to(torch.uint8).view_as(levels)
    flat = ((step == 0) | ((counts > 0).sum(1, keepdim=True) <= 1)).view(*levels.shape[:2], 1, 1)
    return torch.where(plan & ~flat, equalised, levels)


def autocontrast(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Stretch each channel so that its darkest level is 0 and its lightest 255, as Pillow's `ImageOps.autocontrast`."""
    levels = quantised(pictures)
    low, high = (bound[..., None, None].double() for bound in (levels.amin((2, 3)), levels.amax((2, 3))))
    scale = torch.full_like(low, 255) / (high - low).clamp_min(1)  # `255 / tensor` would compute the reciprocal times 255
    stretched = (levels * scale + -low * scale).clamp_(0, 255).to(torch.uint8)  # truncated; a product and a sum round as in Pillow
    return torch.where(plan & (high > low), stretched, levels)


def invert(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """The negative of the planned pictures."""
    levels = quantised(pictures)
    return torch.where(plan, 255 - levels, levels)


def _ramp(draws: Tensor) -> Tensor:
    return torch.arange(256, device=draws.device)[None] / 255


def _as_table(values: Tensor) -> Tensor:
    return (values * 255).round().to(torch.uint8)
