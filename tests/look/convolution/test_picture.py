"""A picture is shrunk by means, keeps its shape, and stays grey or coloured."""

import numpy as np

from clearsight.look.convolution.picture import loaded, sample


def test_means_of_blocks():
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    small = loaded(pixels, 4)
    assert tuple(small.shape) == (1, 4, 4) and abs(float(small[0, 0, 0]) - pixels[:2, :2].mean()) <= 0.5
    assert loaded(pixels, 64)[0].tolist() == pixels.tolist(), "a small one is not enlarged"


def test_channels_and_square():
    pixels = np.zeros((6, 12, 3), np.uint8)
    pixels[:, 3:9, 0] = 200
    assert tuple(loaded(pixels, 6).shape) == (3, 3, 6)
    assert loaded(pixels, 6, square=True)[:, 0, 0].tolist() == [200, 0, 0]
    assert len(loaded(pixels, 6, channels=1)) == 1


def test_the_sample_is_a_colour_photograph():
    assert sample().ndim == 3 and sample().std(axis=(0, 1)).min() > 10
