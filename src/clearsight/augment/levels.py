"""Grey levels: whole numbers from 0 to 255, for pictures in uint8 and for floats in [0, 1]."""

import torch
from torch import Tensor


def to_uint8(values: Tensor) -> Tensor:
    """Levels uint8 of floats of about 0 to 255, which are overwritten. The cast to int16 first is one instruction on a CPU."""
    return values.add_(0.5).clamp_(0, 255).to(torch.int16).to(torch.uint8)


def quantised(pictures: Tensor) -> Tensor:
    """Levels uint8 of pictures in levels, or in [0, 1]."""
    return pictures if pictures.dtype == torch.uint8 else to_uint8(pictures * 255)


def as_levels(pictures: Tensor) -> Tensor:
    """Pictures in whole levels of 0 to 255, in their own dtype."""
    return pictures if pictures.dtype == torch.uint8 else (pictures * 255).round()


def truncated_like(levels: Tensor, pictures: Tensor) -> Tensor:
    """Levels cut off to whole ones, in the dtype and the range of `pictures`."""
    return levels.to(torch.int16).to(torch.uint8) if pictures.dtype == torch.uint8 else levels.floor() / 255
