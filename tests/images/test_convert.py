"""What is shown of pictures with any number of bands, and arrays of all types."""

import numpy as np
import pytest

from clearsight.base.errors import UnreadableImage, UsageError
from clearsight.images import convert
from clearsight.images.convert import from_array, showing, visible
from clearsight.images.deep import PLAIN, Reading

BANDS = np.arange(2 * 3 * 12, dtype=np.uint8).reshape(2, 3, 12)


def test_the_first_three_bands_are_shown_as_colours():
    assert np.array_equal(visible(BANDS), BANDS[..., :3])
    assert np.array_equal(visible(BANDS[..., :2]), BANDS[..., :1])
    assert np.array_equal(visible(BANDS[..., :3]), BANDS[..., :3])


def test_other_bands_are_shown_where_that_is_asked_for():
    picture = np.arange(5, dtype=np.uint8) * np.ones((2, 3, 1), np.uint8)
    with showing((5, 3, 1)):
        assert visible(picture)[0, 0].tolist() == [4, 2, 0]
        with showing(()):
            assert visible(picture)[0, 0].tolist() == [4, 2, 0]
    assert visible(picture)[0, 0].tolist() == [0, 1, 2]
    with showing((6, 1, 1)), pytest.raises(UsageError, match="from 1 to 5"):
        visible(picture)
    with pytest.raises(UsageError, match="three, as in"), showing((1, 2)):
        pass


def test_arrays_of_bands_and_of_wide_types():
    assert np.array_equal(from_array(BANDS, None, "x", PLAIN), BANDS)
    assert np.array_equal(from_array(BANDS, 3, "x", Reading(bands=(12, 1, 2))), BANDS[..., [11, 0, 1]])
    assert from_array(np.array([[0.0, 2.0]]), None, "x", Reading((0, 2)))[0, :, 0].tolist() == [0, 255]
    for kind in ("float16", "int16", "uint32"):
        with pytest.raises(UnreadableImage, match=f"an array must be uint8 .*, not {kind}"):
            from_array(np.ones((2, 2), kind), None, "x", PLAIN)
    with pytest.raises(UnreadableImage, match="it has 12 bands, and band 13 is to be read"):
        from_array(BANDS, None, "x", Reading(bands=(13,)))
    with pytest.raises(UnreadableImage, match="it has 12 bands, and 3 are wanted; --bands"):
        from_array(BANDS, 3, "x", PLAIN)


def test_four_bands_in_an_array_are_transparency_unless_four_are_wanted():
    rgba = np.zeros((1, 1, 4), np.uint8)
    assert from_array(rgba, None, "x", PLAIN).tolist() == [[[255, 255, 255]]]
    assert from_array(rgba, 4, "x", PLAIN).tolist() == [[[0, 0, 0, 0]]]


@pytest.mark.parametrize(
    ("bands", "chosen", "channels", "read"),
    [
        (1, (), None, 1), (3, (), None, 3), (5, (), None, 5), (1, (), 3, 3), (3, (), 1, 1), (5, (), 5, 5), (5, (5, 1, 2), 3, 3),
        (3, (3, 2, 1), 3, 3), (5, (), 3, None), (2, (), 1, None), (3, (), 2, None), (5, (6, 1, 2), 3, None),
    ],
)  # fmt: skip
def test_so_many_bands_are_read_as_are_wanted(bands, chosen, channels, read):
    stored = np.random.default_rng(0).integers(0, 256, (4, 6, bands), dtype=np.uint8)
    reading = Reading(bands=chosen)
    if read is None:
        with pytest.raises(UnreadableImage, match=f"it has {bands} band"):
            convert.from_bands(stored, channels, "x", reading)
        return
    found = convert.from_bands(stored, channels, "x", reading)
    assert found.shape == (4, 6, read)
    if bands not in (1, 3) or channels in (None, bands):
        assert np.array_equal(found, stored[:, :, [band - 1 for band in chosen]] if chosen and bands == 5 else stored)


@pytest.mark.parametrize("shape", [(4,), (0, 6), (4, 0, 3), (4, 6, 0), (4, 6, convert.MOST + 1), (1, 4, 6, 3)])
def test_shapes_that_are_no_picture(shape):
    with pytest.raises(UnreadableImage, match="an array must be"):
        convert.from_array(np.zeros(shape, np.uint8), None, "x", Reading())


@pytest.mark.parametrize(("bands", "channels", "said"), [
    (2, 1, "it has 2 bands, and 1 are wanted"), (3, 2, "it has 3 bands, and 2 are wanted"),
    (4, 2, "it has 4 bands, and 2 are wanted; --bands chooses which are read, as in --bands 3,2,1"),
])  # fmt: skip
def test_a_choice_of_bands_is_named_where_there_are_more_than_colours(bands, channels, said):
    with pytest.raises(UnreadableImage, match=f"{said}$"):
        convert.from_bands(np.zeros((4, 6, bands), np.uint8), channels, "x", Reading())
