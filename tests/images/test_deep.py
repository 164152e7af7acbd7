"""One range of values for a data set: the same value is the same grey in every picture, and order is kept."""

from contextlib import nullcontext
from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image

from clearsight.base.errors import UnreadableImage, UsageError
from clearsight.base.text.words import parse_bands, parse_range, range_words
from clearsight.images import deep
from clearsight.images.decode import decode, stored
from clearsight.images.deep import OLD, Reading, usual_range
from clearsight.images.preprocess import Preprocessing

VALUES = np.array([[0, 1, 200, 255], [256, 1000, 1023, 4095]])


def tiff(values: np.ndarray, **options) -> bytes:
    stream = BytesIO()
    tifffile.imwrite(stream, values, **options)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["uint16", "int16", "int32", "float32", "float64", "float16"])
@pytest.mark.parametrize("ends", [(0, 1023), (0, 4095), (-100, 4095), (100, 300)])
def test_values_are_those_of_tifffile_on_a_line_from_black_to_white(kind, ends):
    values = np.minimum(VALUES, 2000).astype(kind)  # float16 has whole numbers up to 2048
    data = tiff(values)
    oracle = tifffile.imread(BytesIO(data)).astype(float)
    wanted = np.clip(np.rint(255 * (oracle - ends[0]) / (ends[1] - ends[0])), 0, 255)
    found = decode(data, reading=Reading(ends))[:, :, 0]
    assert np.abs(found - wanted).max() <= 1 and (np.diff(found.reshape(-1).astype(int)) >= 0).all()
    assert np.array_equal(found, decode(values, reading=Reading(ends))[:, :, 0])  # an array is read as its file


def test_signed_eight_bits():
    values = np.array([[-128, -1, 0, 127]], np.int8)
    assert decode(tiff(values), reading=Reading((-128, 127)))[0, :, 0].tolist() == [0, 127, 128, 255]
    with pytest.raises(UnreadableImage, match=r"from -128 to 127.*--range"):
        decode(tiff(values))


def test_the_brighter_picture_stays_the_brighter_one():
    dark, bright = np.array([[0, 67]], np.int32), np.array([[0, 2144]], np.int32)
    for reading in (Reading(), Reading((0, 4095))):
        found = [decode(tiff(values), reading=reading) for values in (dark, bright)]
        assert found[0].max() < found[1].max()
    assert decode(tiff(dark), reading=OLD).max() > decode(tiff(bright), reading=OLD).max()  # as artefacts of before read them


def test_a_value_is_one_grey_in_every_picture_and_every_depth_keeps_eight_bits_as_they_are():
    preprocessing = Preprocessing(1, 2, 2, levels=(0, 1023))
    for other in (0, 600, 1023):
        picture = preprocessing.load(tiff(np.array([[512, other], [other, 512]], np.uint16)))
        assert picture[0, 0, 0] == 128
    eight = np.array([[3, 250]], np.uint8)
    assert decode(tiff(eight), reading=Reading((0, 1023)))[0, :, 0].tolist() == [3, 250]


@pytest.mark.parametrize(
    ("low", "high", "whole", "ends"),
    [
        (0, 1, True, (0, 255)), (0, 255, True, (0, 255)), (3, 256, True, (0, 511)), (0, 1023, True, (0, 1023)), (9, 4000, True, (0, 4095)),
        (0, 65535, True, (0, 65535)), (-1024, 3071, True, (-1024, 3071)), (0, 0.5, False, (0, 1)), (0, 1.3, False, (0, 1.3)),
        (0, 200, False, (0, 255)), (0, 40000, False, (0, 65535)), (-2, 2, False, (-2, 2)), (7, 7, True, (0, 255)), (0, 0, True, (0, 1)),
        (0, 127.5, False, (0, 127.5)), (0, 127.6, False, (0, 255)), (0, 1, False, (0, 1)), (0, 2**32 - 1, True, (0, 2**32 - 1)),
        (0, 2**32, True, (0, 2**32)), (5, 5.5, False, (0, 5.5)), (-3, -3, False, (-3, -2)), (-1, 0, True, (-1, 0)),
    ],
)  # fmt: skip
def test_the_range_that_values_have(low, high, whole, ends):
    assert usual_range(low, high, whole) == ends


def test_not_a_number_is_refused():
    with pytest.raises(UnreadableImage, match="not numbers"):
        decode(tiff(np.array([[0, np.nan]], np.float32)), reading=Reading((0, 1)))
    with pytest.raises(UnreadableImage, match="not numbers"):
        decode(tiff(np.array([[0, np.nan]], np.float32)))


def test_words():
    assert parse_range("") == () and parse_range("-1024:3071") == (-1024, 3071)
    assert range_words((0.0, 4095.0)) == "0:4095" and range_words(()) == ""
    assert parse_bands("4, 3,2") == (4, 3, 2) and parse_bands("") == ()
    for bad in ("5", "5:5", "9:1", "0:inf", "a:b", "1:2:3"):
        with pytest.raises(UsageError, match="range must be black:white"):
            parse_range(bad)
    for bad in ("0", "1,,2", "a", "300"):
        with pytest.raises(UsageError, match="bands must be whole numbers"):
            parse_bands(bad)


def test_preprocessing_stores_how_values_are_read_and_that_of_before_reads_as_before():
    made = Preprocessing(levels=(0, 4095), bands=(4, 3, 2))
    assert Preprocessing.from_dict(made.to_dict()) == made and made.reading == Reading((0.0, 4095.0), (4, 3, 2), 2)
    older = {name: value for name, value in Preprocessing().to_dict().items() if name not in ("levels", "bands", "decoding")}
    assert Preprocessing.from_dict(older).reading == OLD


def test_stored_values_only_beyond_eight_bits():
    assert stored(tiff(np.array([[5, 900]], np.uint16))).tolist() == [[5, 900]]
    stream = BytesIO()
    Image.new("RGB", (2, 2)).save(stream, "PNG")
    assert stored(stream.getvalue()) is None


@pytest.mark.parametrize(
    ("kind", "levels", "values", "grey"),
    [
        ("uint16", (), [0, 257, 65535], [0, 1, 255]),
        ("uint16", (100, 355), [0, 100, 101, 355, 400], [0, 0, 1, 255, 255]),
        ("int16", (), [0, 257, 32767], [0, 1, 127]),
        ("int32", (), [0, 65535], [0, 255]),
        ("float32", (), [0.0, 0.5, 1.0], [0, 128, 255]),
        ("float64", (), [0.0, 1.0], [0, 255]),
        ("int16", (), [-1, 5], None),
        ("int32", (), [0, 65536], None),
        ("float32", (), [0.0, 1.001], None),
        ("float32", (), [-0.001, 1.0], None),
        ("float32", (0.0, 2.0), [0.0, np.inf], None),
        ("float32", (0.0, 2.0), [0.0, 2.5], [0, 255]),
    ],
)
def test_values_by_their_range_or_by_that_of_their_type(kind, levels, values, grey):
    stored = np.array([values], kind)
    with pytest.raises(UnreadableImage) if grey is None else nullcontext():
        assert deep.to_levels(stored, Reading(levels), "x").tolist() == [grey]


@pytest.mark.parametrize(
    ("kind", "values", "grey"),
    [
        ("uint16", [0, 255], [0, 1]),  # white is that of the type
        ("int32", [0, 255], [0, 255]),  # white is the least of 255 and 65535 that holds all values
        ("int32", [0, 256, 65535], [0, 1, 255]),
        ("int32", [0, 1], [0, 1]),
        ("float32", [0.0, 1.0], [0, 255]),
        ("float32", [0.0, 1.5], [0, 2]),
        ("float32", [0.0, 256.0], [0, 1]),
        ("int32", [0, 65536], None),
        ("int32", [-1, 5], None),
    ],
)
def test_older_artefacts_choose_the_white_of_each_picture(kind, values, grey):
    with pytest.raises(UnreadableImage, match="no usual white") if grey is None else nullcontext():
        assert deep.to_levels(np.array([values], kind), deep.OLD, "x").tolist() == [grey]


@pytest.mark.parametrize("kind", [np.float32, np.int32, np.uint16, np.int8])
def test_no_values_are_no_levels_of_any_type(kind):
    assert deep.to_levels(np.zeros((0, 3), kind), Reading(), "x").shape == (0, 3)
