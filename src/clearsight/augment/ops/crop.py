"""Flip, shift and random resized crop: pixels copied from other places; only the last one resamples."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..op import Shape, Size, Strengths
from ..select import changed

LARGE = 2**15  # bytes of a picture from which on it is flipped by a step of its own


def plan_flip(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """Which pictures are mirrored, bool `(N,)`; the strength is the probability."""
    return draws[:, 0] < strengths[0]


def flip(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Mirror the planned pictures left and right."""
    if pictures.device.type == "cpu" and len(pictures) and pictures[0].nbytes > LARGE:
        made = torch.empty_like(pictures)
        for new, old, mirrored in zip(made, pictures, plan.tolist(), strict=True):
            new.copy_(old.flip(2) if mirrored else old)  # memory is read once and written once
        return made
    return changed(pictures, torch.nonzero(plan)[:, 0], lambda chosen: chosen.flip(3))


def plan_crop(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """Shifts down and right in px, int64 `(N, 2)`, each from minus the strength to the strength."""
    reach = int(strengths[0])
    return (draws * (2 * reach + 1)).long() - reach


def crop(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Shift by `plan` px; the picture is mirrored at the border."""
    return (_windows if pictures.device.type == "cpu" else _gathered)(pictures, plan)


def _gathered(pictures: Tensor, plan: Tensor) -> Tensor:
    n, channels, height, width = pictures.shape
    dy, dx = plan.unbind(1)
    rows = _mirrored(torch.arange(height, device=pictures.device) + dy[:, None], height)  # (N, H)
    columns = _mirrored(torch.arange(width, device=pictures.device) + dx[:, None], width)  # (N, W)
    places = (rows[:, :, None] * width + columns[:, None, :]).flatten(1)[:, None].expand(-1, channels, -1)
    return pictures.flatten(2).gather(2, places).view(n, channels, height, width)


def _mirrored(places: Tensor, n: int) -> Tensor:
    period = max(1, 2 * (n - 1))
    return (n - 1) - ((n - 1) - places.remainder(period)).abs()


def _windows(pictures: Tensor, plan: Tensor) -> Tensor:
    """The same as windows on padded pictures, a pixel per element: twice as fast on a CPU as a gather."""
    n, channels, height, width = pictures.shape
    if not n:
        return pictures
    stored = pictures.permute(0, 2, 3, 1).contiguous().numpy()
    pixels = stored.view(np.dtype((np.void, channels * stored.itemsize)))[..., 0]  # (N, H, W)
    reach = int(plan.abs().max())
    wide = np.pad(pixels, ((0, 0), (reach, reach), (reach, reach)), mode="reflect")
    down, along = (plan + reach).numpy().T
    cut = np.lib.stride_tricks.sliding_window_view(wide, (height, width), (1, 2))[np.arange(n), down, along]
    return torch.from_numpy(cut.view(stored.dtype).reshape(stored.shape)).permute(0, 3, 1, 2)


def plan_random_resized_crop(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """Boxes (top, left, bottom, right) in px, int64 `(N, 4)`: an area from the strength to 1 of the picture, aspect ¾ to 4⁄3.

    C. Szegedy et al., Going deeper with convolutions, 2014, section 6. A side is at most the picture's.
    """
    _, height, width = shape
    area = (strengths[0] + (1 - strengths[0]) * draws[:, 0]) * (height * width)
    aspect = torch.exp((draws[:, 1] * 2 - 1) * math.log(4 / 3))
    tall = (area / aspect).sqrt().round().clamp(1, height)
    wide = (area * aspect).sqrt().round().clamp(1, width)
    left = (draws[:, 2] * (width - wide + 1)).floor()
    top = (draws[:, 3] * (height - tall + 1)).floor()
    return torch.stack((top, left, top + tall, left + wide), 1).long()


def random_resized_crop(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Cut out the boxes and resize them bilinearly, with antialias where they shrink.

    The stored picture is 1.15 times as high and wide as `size`: a box of less than ¾ of its area has no more detail than that.
    """
    if pictures.device.type != "cpu":
        return _resampled(pictures, plan.float(), size)
    cuts = (pictures[i : i + 1, :, top:bottom, left:right] for i, (top, left, bottom, right) in enumerate(plan.tolist()))
    resized = [F.interpolate(cut, size, mode="bilinear", antialias=True) for cut in cuts]
    return torch.cat(resized) if len(resized) > 1 else resized[0]


def _resampled(pictures: Tensor, boxes: Tensor, size: Size) -> Tensor:
    """The same as products with weight matrices: GPUs lack an antialiased resize of uint8, and many small calls are slow there."""
    levels = pictures.dtype == torch.uint8
    down = _weights(boxes[:, 0], boxes[:, 2], pictures.shape[2], size[0])
    along = _weights(boxes[:, 1], boxes[:, 3], pictures.shape[3], size[1])
    rows = torch.matmul(pictures.float(), along.transpose(1, 2)[:, None])
    cut = torch.matmul(down[:, None], (rows + 0.5).floor_() if levels else rows)
    return (cut + 0.5).floor_().to(torch.uint8) if levels else cut


def _weights(start: Tensor, stop: Tensor, stored: int, new: int) -> Tensor:
    """Weights float32 (N, new, stored) that resize the px from `start` to `stop`, of `stored`, to `new` px.

    A triangle, as wide as the larger kind of px, in multiples of 2⁻¹⁴: sums of products with grey levels are exact
    and the same in every batch.
    """
    scale = ((stop - start) / new)[:, None]
    centres = start[:, None] + (torch.arange(new, device=start.device) + 0.5) * scale  # (N, new)
    places = torch.arange(stored, device=start.device) + 0.5
    weights = (1 - (places - centres[:, :, None]).abs() / scale.clamp(min=1)[:, None]).clamp_(min=0)
    weights *= ((places > start[:, None]) & (places < stop[:, None]))[:, None]
    return (weights / weights.sum(2, keepdim=True) * 2**14).round_() * 2.0**-14
