"""Random numbers per picture."""

import numpy as np
import torch
from PIL import Image
from skimage import data

from clearsight.corruptions import corrupted


def astronaut(side: int, channels: int = 3) -> torch.Tensor:
    """A photograph as uint8 `(C, side, side)`."""
    image = Image.fromarray(data.astronaut()).resize((side, side), Image.Resampling.LANCZOS)
    levels = np.asarray(image.convert("L") if channels == 1 else image)
    return torch.from_numpy(levels.copy()).reshape(side, side, channels).permute(2, 0, 1).contiguous()


def test_noise_of_pictures_is_their_own():
    same = astronaut(32)[None].expand(3, -1, -1, -1)
    for name in ("gaussian_noise", "glass_blur", "motion_blur", "snow", "fog", "frost", "elastic_transform", "spatter"):
        first, second, third = corrupted(same, torch.tensor([0, 1, 0]), name, 4)
        assert torch.equal(first, third) and not torch.equal(first, second), name
