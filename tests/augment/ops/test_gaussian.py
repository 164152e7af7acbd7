"""Random Gaussian blur against SciPy."""

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from skimage import data as photographs

from clearsight.augment.ops.gaussian import blur, plan_blur
from clearsight.augment.pipeline import apply, parse

PHOTO = torch.from_numpy(photographs.chelsea()[:60, :80].copy()).permute(2, 0, 1)[None].expand(6, -1, -1, -1)


def test_blur_is_scipys_gaussian_for_each_pictures_own_sigma():
    draws = torch.tensor([[0.1, 0.0], [0.2, 0.3], [0.3, 0.6], [0.4, 0.999], [0.5, 0.5], [0.9, 0.9]])
    plan = plan_blur(draws, (4.0,), (3, 60, 80))
    assert plan[4:].eq(0).all() and torch.allclose(plan[:4, 0], 0.1 + 3.9 * draws[:4, 1])
    made, floats = blur(PHOTO, plan, (60, 80)), blur(PHOTO / 255, plan, (60, 80))
    for picture, sigma in zip(made[:4], plan[:4, 0].tolist(), strict=True):
        expected = gaussian_filter(PHOTO[0].double().numpy(), (0, sigma, sigma), mode="nearest", truncate=8)
        assert np.abs(picture.numpy() - expected).max() < 1.1
    assert torch.equal(made[4:], PHOTO[4:])
    assert torch.allclose(floats * 255, made.float(), atol=1e-3)


def test_half_of_the_pictures_are_blurred():
    many = torch.zeros(4000, 1, 5, 5, dtype=torch.uint8)
    many[:, :, 2, 2] = 255
    share = (apply(parse("blur:3"), many, torch.arange(4000), 0, 0, (5, 5))[:, 0, 2, 2] < 250).float().mean()
    assert 0.42 < float(share) < 0.52  # a σ near 0.1 leaves the level as it is
