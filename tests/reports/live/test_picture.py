"""A picture for a figure."""

import base64
from io import BytesIO

import numpy as np
from PIL import Image

from clearsight.reports.live.picture import png


def test_a_small_picture_keeps_its_pixels_and_a_large_one_becomes_small():
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8)
    assert np.array_equal(np.asarray(Image.open(BytesIO(base64.b64decode(png(pixels))))), pixels)
    assert Image.open(BytesIO(base64.b64decode(png(np.zeros((300, 600), np.uint8))))).size == (256, 128)
