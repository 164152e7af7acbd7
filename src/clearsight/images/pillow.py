"""Apply functions of Pillow to the pictures of a batch."""

from collections.abc import Callable, Iterable
from io import BytesIO

import numpy as np
import torch
from PIL import Image
from torch import Tensor


def changed(levels: Tensor, changes: Iterable[Callable[[Image.Image], Image.Image]]) -> Tensor:
    """Pictures uint8 `(N, C, H, W)`, grey or RGB, each changed by its own function of `changes`, on the same device."""
    grey = levels.shape[1] == 1
    rows = levels.cpu().permute(0, 2, 3, 1).contiguous().numpy()
    made = np.empty_like(rows)
    for i, change in zip(range(len(rows)), changes, strict=False):
        made[i] = np.asarray(change(Image.fromarray(rows[i, ..., 0] if grey else rows[i]))).reshape(rows[i].shape)
    return torch.from_numpy(made).permute(0, 3, 1, 2).to(levels.device)


def through_jpeg(image: Image.Image, quality: int) -> Image.Image:
    """The picture compressed as a JPEG of this quality, 1 to 100, and decoded again."""
    stream = BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return Image.open(stream)
