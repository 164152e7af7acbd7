"""A picture for a filter to slide over: grey or colour, made small enough to follow."""

from importlib.resources import as_file, files
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ...images.convert import visible
from ...images.decode import decode

SAMPLE = "datasets/photos/fish/fish25.webp"


def sample() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The photograph of a goldfish of the volume example, uint8 `(H, W, 3)`, from the named set `photos`."""
    with as_file(files("clearsight").joinpath(SAMPLE)) as path:
        return decode(path, channels=3)


def loaded(source: Any, side: int, channels: int | None = None, square: bool = False) -> Tensor:
    """A picture as float64 `(C, H, W)` in 0 to 255, its longer side at most `side` px; `square` takes its middle.

    C is 1 or 3, as the file is, or `channels`. Raises UnreadableImage.
    """
    pixels = visible(decode(source, channels=channels))
    height, width = pixels.shape[:2]
    if square:
        least = min(height, width)
        top, left = (height - least) // 2, (width - least) // 2
        pixels = pixels[top : top + least, left : left + least]
        height = width = least
    factor = min(1.0, side / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    planes = [np.asarray(Image.fromarray(pixels[..., c]).resize(size, Image.Resampling.BOX)) for c in range(pixels.shape[2])]
    return torch.from_numpy(np.stack(planes).astype(np.float64))
