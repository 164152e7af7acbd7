"""Random grayscale against Pillow."""

import numpy as np
import torch
from PIL import Image
from skimage import data as photographs

from clearsight.augment.ops.grayscale import grayscale, plan_grayscale

PHOTO = torch.from_numpy(photographs.chelsea()[:60, :80].copy()).permute(2, 0, 1)[None].expand(6, -1, -1, -1)


def test_grey_is_pillows_and_leaves_grey_pictures_alone():
    draws = torch.tensor([[0.1], [0.9], [0.1], [0.9], [0.1], [0.9]])
    made = grayscale(PHOTO, plan_grayscale(draws, (0.2,), (3, 60, 80)), (60, 80))
    expected = np.asarray(Image.fromarray(PHOTO[0].permute(1, 2, 0).numpy()).convert("L"))
    assert all(np.array_equal(channel.numpy(), expected) for channel in made[0])
    assert torch.equal(made[1::2], PHOTO[1::2])
    floats = grayscale(PHOTO / 255, plan_grayscale(draws, (0.2,), (3, 60, 80)), (60, 80))
    assert torch.allclose(floats * 255, made.float(), atol=1e-3)
    assert grayscale(PHOTO[:, :1], plan_grayscale(draws, (1.0,), (1, 60, 80)), (60, 80)).equal(PHOTO[:, :1])
