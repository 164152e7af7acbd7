"""What is shown of pictures with any number of bands, and arrays of all types."""

import numpy as np
import pytest

from clearsight.base.errors import UnreadableImage
from clearsight.images.convert import from_array, visible
from clearsight.images.deep import PLAIN, Reading

BANDS = np.arange(2 * 3 * 12, dtype=np.uint8).reshape(2, 3, 12)


def test_the_first_three_bands_are_shown_as_colours():
    assert np.array_equal(visible(BANDS), BANDS[..., :3])
    assert np.array_equal(visible(BANDS[..., :2]), BANDS[..., :1])
    assert np.array_equal(visible(BANDS[..., :3]), BANDS[..., :3])


def test_arrays_of_bands_and_of_wide_types():
    assert np.array_equal(from_array(BANDS, None, "x", PLAIN), BANDS)
    assert np.array_equal(from_array(BANDS, 3, "x", Reading(bands=(12, 1, 2))), BANDS[..., [11, 0, 1]])
    assert from_array(np.array([[0.0, 2.0]]), None, "x", Reading((0, 2)))[0, :, 0].tolist() == [0, 255]
    with pytest.raises(UnreadableImage, match="it has 12 bands, and band 13 is to be read"):
        from_array(BANDS, None, "x", Reading(bands=(13,)))
    with pytest.raises(UnreadableImage, match="it has 12 bands, and 3 are wanted; --bands"):
        from_array(BANDS, 3, "x", PLAIN)


def test_four_bands_in_an_array_are_transparency_unless_four_are_wanted():
    rgba = np.zeros((1, 1, 4), np.uint8)
    assert from_array(rgba, None, "x", PLAIN).tolist() == [[[255, 255, 255]]]
    assert from_array(rgba, 4, "x", PLAIN).tolist() == [[[0, 0, 0, 0]]]
