"""SIFT descriptors against OpenCV, and bags of words."""

import numpy as np
import pytest
import torch

from clearsight import models
from clearsight.models.handmade import sift
from tests.models.expected import check, rows
from tests.models.handmade.photographs import photographs


@rows("sift")
def test_parameters_and_stages(row, expected):
    check(row, expected)


def built(family, name: str, channels: int, height: int, width: int, **row):
    """A model of `family` whose row has other settings."""
    changed = family.TABLE[name].__class__(**row) if row else family.TABLE[name]
    kept, family.TABLE[name] = family.TABLE[name], changed
    try:
        return models.build(name, 10, channels=channels, height=height, width=width).eval()
    finally:
        family.TABLE[name] = kept


@pytest.mark.parametrize(("side", "width"), [(64, 4.0), (96, 3.0), (48, 4.5)])
def test_sift_is_opencvs(side, width):
    cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed: nothing to compare with")
    pictures = photographs(side, side)
    model = built(sift, "sift", 1, side, side, bin=width, step=5, blur=(1.6**2 - 0.25) ** 0.5)
    scale = max(1, side / 64)
    at = sift.places(side, round(5 * scale), round(width * scale)).tolist()
    points = [cv2.KeyPoint(float(x), float(y), width * scale / 1.5, 0) for y in at for x in at]
    ours = model.descriptors(torch.from_numpy(pictures).float())
    for picture, found in zip(pictures, ours, strict=True):
        theirs = cv2.SIFT_create().compute(picture[0].astype(np.uint8), points)[1]
        apart = np.abs(512 * found.numpy() - theirs)
        # OpenCV rounds to bytes (0.5), cuts at 255, and its arc tangent is wrong by up to 0.3°, 1/150 of a bin
        assert np.median(apart) <= 0.5
        assert apart.max() <= 4


def test_words_are_shared_out_over_the_pyramid():
    pictures = torch.from_numpy(photographs(28, 28) / 255).float()
    model = built(sift, "sift", 1, 28, 28, words=8)
    model.initialise(pictures)
    shares = model.features(pictures).square()
    whole, quarters, parts = shares.split([8, 32, 128], 1)
    for found, weight in ((whole, 0.25), (quarters, 0.25), (parts, 0.5)):
        torch.testing.assert_close(found.sum(1), torch.full((3,), weight))
    torch.testing.assert_close(quarters.view(3, 4, 8).sum(1), whole)
    torch.testing.assert_close(parts.view(3, 16, 8).sum(1), 2 * whole)
