"""A photograph, six times, for tests against Pillow and scikit-image."""

import numpy as np
import torch
from PIL import Image
from skimage import data as photographs

PHOTO = photographs.chelsea()[40:136, 60:188]  # 96×128 px
HEIGHT, WIDTH = PHOTO.shape[:2]
SHAPE, SIZE = (3, HEIGHT, WIDTH), (HEIGHT, WIDTH)
PICTURES = torch.from_numpy(PHOTO.copy()).permute(2, 0, 1)[None].repeat(6, 1, 1, 1)
LARGE = torch.from_numpy(photographs.chelsea()[:, :300]).permute(2, 0, 1)[None].expand(8, -1, -1, -1)


def drawn(*values: float) -> torch.Tensor:
    return torch.tensor([values])


def image(row: int = 0) -> Image.Image:
    return Image.fromarray(PICTURES[row].permute(1, 2, 0).numpy())


def as_image(pictures: torch.Tensor) -> np.ndarray:
    return pictures[0].permute(1, 2, 0).numpy()
