"""Histograms against NumPy, colours against scikit-image."""

import numpy as np
import pytest
import torch
from skimage import color, data, transform

from clearsight import models


def photographs(height: int, width: int, channels: int = 1) -> np.ndarray:
    """Real pictures in levels 0 to 255, float64 `(n, C, H, W)`: differences of whole numbers are exact in float32, too."""
    found = [
        transform.resize(picture, (height, width, 3), anti_aliasing=True) for picture in (data.astronaut(), data.chelsea(), data.coffee())
    ]
    found = [np.round(255 * (color.rgb2gray(picture)[None] if channels == 1 else picture.transpose(2, 0, 1))) for picture in found]
    return np.stack(found)


@pytest.mark.parametrize(("name", "cells"), [("histogram", 1), ("histogram-cells", 4)])
def test_histograms_are_numpys(name, cells):
    pictures = photographs(28, 36, 3) / 255
    found = models.build(name, 10, channels=3, height=28, width=36).features(torch.from_numpy(pictures).float())
    rows, columns = (np.arange(side) * cells // side for side in (28, 36))
    theirs = [
        np.histogram(channel[np.ix_(rows == r, columns == c)].astype(np.float32), 32, (0, 1))[0]
        / ((rows == r).sum() * (columns == c).sum())
        for picture in pictures
        for channel in picture
        for r in range(cells)
        for c in range(cells)
    ]
    np.testing.assert_allclose(found.flatten(), np.concatenate(theirs), atol=1e-6)
