"""Apply functions of Pillow to the pictures of a batch."""

from collections.abc import Callable, Iterable
from io import BytesIO

import numpy as np
import torch
from PIL import Image
from torch import Tensor


def changed(levels: Tensor, changes: Iterable[Callable[[Image.Image], Image.Image]]) -> Tensor:
    """Pictures uint8 `(N, C, H, W)`, each changed by its own function of `changes`, on the same device; of other bands each as grey."""
    rows = levels.cpu().permute(0, 2, 3, 1).contiguous().numpy()
    made = np.empty_like(rows)
    for i, change in zip(range(len(rows)), changes, strict=False):
        pieces = [rows[i]] if levels.shape[1] == 3 else [rows[i, ..., band] for band in range(levels.shape[1])]
        found = [np.asarray(change(Image.fromarray(np.ascontiguousarray(piece)))) for piece in pieces]
        made[i] = found[0] if levels.shape[1] == 3 else np.stack(found, axis=2)
    return torch.from_numpy(made).permute(0, 3, 1, 2).to(levels.device)


def through_jpeg(image: Image.Image, quality: int) -> Image.Image:
    """The picture compressed as a JPEG of this quality, 1 to 100, and decoded again."""
    stream = BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return Image.open(stream)
