"""Occlusion sensitivity: what the logit loses when a part of the picture is covered (M. Zeiler, R. Fergus, 2013)."""

import torch
from torch import Tensor, nn

from ...base.compute.undisturbed import undisturbed
from .gradients import CHUNK, scores


def occlusion(model: nn.Module, x: Tensor, target: Tensor, window: int = 0, stride: int = 0) -> Tensor:
    """The fall of the logit by squares of `window` px set to 0 (the mean colour) every `stride` px, mean over those on a pixel.

    Signed, `(N, H, W)`. Without sizes the window is a fifth of the shorter side and the stride half of that.
    """
    height, width = x.shape[-2:]
    window = window or max(1, min(height, width) // 5)
    stride = stride or max(1, window // 2)
    places = [(y, i) for y in _starts(height, window, stride) for i in _starts(width, window, stride)]
    total, times = x.new_zeros(len(x), height, width), x.new_zeros(height, width)
    with undisturbed(model), torch.no_grad():
        whole = torch.cat([scores(model, *part) for part in zip(x.split(CHUNK), target.split(CHUNK), strict=True)])
        for n, (one, label) in enumerate(zip(x, target, strict=True)):
            for first in range(0, len(places), CHUNK):
                some = places[first : first + CHUNK]
                covered = one.repeat(len(some), 1, 1, 1)
                for picture, (y, i) in zip(covered, some, strict=True):
                    picture[:, y : y + window, i : i + window] = 0
                falls = whole[n] - scores(model, covered, label.repeat(len(some)))
                for fall, (y, i) in zip(falls, some, strict=True):
                    total[n, y : y + window, i : i + window] += fall
    for y, i in places:
        times[y : y + window, i : i + window] += 1
    return total / times


def _starts(length: int, window: int, stride: int) -> range:
    """Windows until the edge is reached; the last may extend beyond it."""
    return range(0, max(1, -(-(length - window) // stride) * stride + 1), stride)
