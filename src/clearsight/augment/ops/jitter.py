"""Colour jitter: brightness, contrast, saturation and hue as one affine map of the colours of each picture."""

import math

import torch
from torch import Tensor

from ..op import Plan, Shape, Size, Strengths

Limits = tuple[tuple[float, float], ...]
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


def plan_jitter(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """Matrices for the pixels and for the picture's mean, and a constant, side by side: `(N, C, 2C + 1)`, for values in [0, 1].

    Brightness, contrast, saturation (factors in 1 ± strength) and hue (± strength turns) in this order. Brightness
    multiplies; contrast stretches about the mean luma, saturation about each pixel's own; hue rotates colours about the grey axis.
    A grey picture has brightness and contrast only. Of other bands the mean is what luma is of colours, and there is no hue.
    """
    channels = shape[0]
    bright, contrast, saturation, turns = ((2 * draws - 1) * draws.new_tensor(strengths))[:, :, None, None].unbind(1)  # (N, 1, 1) each
    eye = torch.eye(channels, device=draws.device)
    luma = draws.new_tensor(LUMA if channels == 3 else (1 / channels,) * channels).expand(channels, channels)  # colour → its luma, in each
    colour = eye - luma
    quarter = colour @ (eye.roll(1, 0) - eye.roll(-1, 0)) / 3**0.5  # a quarter turn, from red to green
    angle = 2 * math.pi * (turns if channels == 3 else 0 * turns)
    coloured = luma + (1 + saturation) * (angle.cos() * colour + angle.sin() * quarter)
    pixels, mean = (1 + bright) * (1 + contrast) * coloured, -contrast * (1 + bright) * luma
    return torch.cat((pixels, mean, torch.zeros_like(mean[:, :, :1])), 2)


def jitter(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Change all colours by `plan`, clamped once at the end: float32 in [0, 1]."""
    channels = pictures.shape[1]
    white = 255 if pictures.dtype == torch.uint8 else 1
    out = torch.empty(pictures.shape, device=pictures.device)
    return transform(pictures, *normalised_plan(plan, (0.0,) * channels, (1.0,) * channels, white), out)


def normalised_plan(plan: Tensor, mean: tuple[float, ...], std: tuple[float, ...], white: int) -> tuple[Tensor, Limits]:
    """The plan that also normalises, for values up to `white`, and the limits of each channel after that."""
    means, stds = plan.new_tensor(mean), plan.new_tensor(std)
    scaled = torch.cat((plan[:, :, :-1] / white, plan[:, :, -1:] - means[:, None]), 2) / stds[:, None]
    return scaled, tuple((-low / unit, (1 - low) / unit) for low, unit in zip(mean, std, strict=True))


def transform(pictures: Tensor, plan: Tensor, limits: Limits, out: Tensor) -> Tensor:
    """Pictures `(N, C, H, W)` changed by `plan`, clamped to each channel's limits, written into `out` of any memory format."""
    channels = pictures.shape[1]
    planes = pictures.contiguous().float()
    means = planes.mean(3).mean(2, keepdim=True)  # (N, C, 1); in two steps, so that threads do not split the sum of a large picture
    pixels, mean, constant = plan.split((channels, channels, 1), 2)
    coloured = torch.baddbmm(torch.baddbmm(constant, mean, means), pixels, planes.flatten(2)).view_as(planes)
    for plane, into, (low, high) in zip(coloured.unbind(1), out.unbind(1), limits, strict=True):
        torch.clamp(plane, low, high, out=into)
    return out


def only(place: int) -> Plan:
    """A plan of `jitter` for one of brightness (0), contrast, saturation and hue (3)."""

    def plan(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
        four = draws.new_full((len(draws), 4), 0.5)
        four[:, place] = draws[:, 0]
        return plan_jitter(four, tuple(strengths[0] if i == place else 0.0 for i in range(4)), shape)

    return plan
