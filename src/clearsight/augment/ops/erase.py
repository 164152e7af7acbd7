"""Random erasing: a box of one grey level over part of a picture. Pictures are uint8, or float32 in [0, 1], `(N, C, H, W)`."""

import math

import torch
from torch import Tensor

from ..op import Shape, Size, Strengths


def plan_erase(draws: Tensor, strengths: Strengths, shape: Shape) -> Tensor:
    """Boxes (top, left, bottom, right) and a level, int64 `(N, 5)`: half of the pictures lose up to that share of their area.

    Z. Zhong et al., Random erasing data augmentation, 2017, with an aspect of 1/3 to 3.
    """
    _, height, width = shape
    area = strengths[0] * draws[:, 0] * (height * width)
    aspect = torch.exp((2 * draws[:, 1] - 1) * math.log(3))
    tall = (area * aspect).sqrt().round().clamp(max=height)
    wide = (area / aspect).sqrt().round().clamp(max=width)
    top, left = (draws[:, 2] * (height - tall + 1)).floor(), (draws[:, 3] * (width - wide + 1)).floor()
    tall, wide = (torch.where(draws[:, 4] < 0.5, side, 0.0) for side in (tall, wide))
    return torch.stack((top, left, top + tall, left + wide, draws[:, 5] * 256), 1).long()


def erase(pictures: Tensor, plan: Tensor, size: Size) -> Tensor:
    """Fill each box with its grey level."""
    if pictures.device.type == "cpu":
        unit, erased = 1 if pictures.dtype == torch.uint8 else 255, pictures.clone()
        for picture, (top, left, bottom, right, level) in zip(erased.numpy(), plan.tolist(), strict=True):
            picture[:, top:bottom, left:right] = level / unit
        return erased
    return fill_boxes(pictures, plan)


def fill_boxes(pictures: Tensor, plan: Tensor) -> Tensor:
    """The same for the whole batch at once: many small steps are slow on a GPU."""
    height, width = pictures.shape[2:]
    rows, columns = torch.arange(height, device=pictures.device), torch.arange(width, device=pictures.device)
    top, left, bottom, right, level = plan[:, :, None].unbind(1)  # (N, 1) each
    inside = ((rows >= top) & (rows < bottom))[:, :, None] & ((columns >= left) & (columns < right))[:, None]
    unit = 1 if pictures.dtype == torch.uint8 else 255
    return torch.where(inside[:, None], (level / unit)[:, :, None, None].to(pictures.dtype), pictures)
