"""Histograms against NumPy, colours against scikit-image."""

import numpy as np
import pytest
import torch

from clearsight import models
from tests.models.expected import check, rows
from tests.models.handmade.photographs import photographs


@rows("histogram")
def test_parameters_and_stages(row, expected):
    check(row, expected)


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
