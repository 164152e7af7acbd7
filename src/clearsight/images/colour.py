"""Colours as hue, saturation and value."""

import torch
from torch import Tensor


def hsv(x: Tensor) -> Tensor:
    """Hue, saturation and value, each 0 to 1, of red, green and blue `(N, 3, H, W)` (A. R. Smith, Color gamut transform pairs, 1978)."""
    value, largest = x.max(1)
    spread = value - x.amin(1)
    safe = torch.where(spread > 0, spread, 1)
    red, green, blue = x.unbind(1)
    turns = torch.stack([(green - blue) / safe, 2 + (blue - red) / safe, 4 + (red - green) / safe], 1)
    hue = torch.where(spread > 0, turns.gather(1, largest[:, None])[:, 0] / 6 % 1, 0)
    saturation = torch.where(value > 0, spread / torch.where(value > 0, value, 1), 0)
    return torch.stack([hue, saturation, value], 1)
