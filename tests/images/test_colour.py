"""Hue, saturation and value against scikit-image."""

import numpy as np
import torch
from skimage import color

from clearsight.images.colour import hsv


def test_hue_saturation_and_value_are_scikit_images():
    picture = np.random.default_rng(0).integers(0, 256, (50, 50, 3)) / 255.0
    picture[:10] = picture[:10, :, :1]  # greys
    picture[0, :3] = [[0, 0, 0], [1, 1, 1], [1, 0, 0]]
    found = hsv(torch.from_numpy(picture).permute(2, 0, 1)[None])[0].permute(1, 2, 0)
    np.testing.assert_allclose(found, color.rgb2hsv(picture), atol=1e-12)


def test_batches_in_float32_and_grey():
    levels = torch.rand(2, 3, 9, 9, generator=torch.Generator().manual_seed(0))
    levels[0, :, 0] = 0.5  # grey has no hue
    expected = color.rgb2hsv(levels[0].permute(1, 2, 0).numpy())
    assert np.abs(hsv(levels)[0].permute(1, 2, 0).numpy() - expected).max() < 1e-5
