"""Both bytes of 16-bit colour are read, from every file that has it, by the same range as grey."""

import struct
import zlib
from io import BytesIO

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from clearsight.base.errors import UnreadableImage
from clearsight.images.decode import decode, examined, stored
from clearsight.images.deep import OLD, Reading
from clearsight.images.header import looked
from tests.images.test_decode_files import png as written
from tests.images.test_profile import P3, profile

VALUES = np.random.default_rng(0).integers(0, 4096, (7, 9, 3)).astype(np.uint16)
TWELVE = Reading((0, 4095))


def png(values: np.ndarray) -> bytes:
    order = [2, 1, 0, 3][: values.shape[2]]
    return cv2.imencode(".png", values[..., order])[1].tobytes()


def tiff(values: np.ndarray, **options) -> bytes:
    stream = BytesIO()
    tifffile.imwrite(stream, values, photometric="rgb", **options)
    return stream.getvalue()


def scaled(values: np.ndarray, white: int) -> np.ndarray:
    return np.rint(255 * values.astype(float) / white).clip(0, 255)


FILES = {
    "PNG": png(VALUES),
    "TIFF": tiff(VALUES),
    "big-endian": tiff(VALUES, byteorder=">"),
    "deflate": tiff(VALUES, compression="zlib", predictor=True),
    "deflate, big-endian": tiff(VALUES, compression="zlib", byteorder=">"),
    "tiles": tiff(VALUES, tile=(16, 16)),
    "a plane each": tiff(VALUES.transpose(2, 0, 1), planarconfig="separate"),
}


@pytest.mark.parametrize("kind", FILES)
def test_values_are_those_that_were_written(kind):
    data = FILES[kind]
    assert np.array_equal(stored(data), VALUES)
    assert np.array_equal(decode(data, reading=TWELVE), scaled(VALUES, 4095))
    assert np.array_equal(decode(data), scaled(VALUES, 65535))
    assert np.array_equal(decode(data), decode(VALUES)), "an array is read as its file"
    assert np.array_equal(examined(data, TWELVE)[1], decode(data, reading=TWELVE))
    assert looked(data)[:2] == (3, True)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_a_picture_of_pillow_that_is_not_loaded_yet(kind):
    with Image.open(BytesIO(FILES[kind])) as image:
        assert np.array_equal(decode(image, reading=TWELVE), scaled(VALUES, 4095))
        assert np.array_equal(np.asarray(image), VALUES >> 8), "the caller's picture is as it was"


def test_transparency_is_on_white_and_has_a_range_of_its_own():
    alpha = np.full((7, 9, 1), 257 * 51, np.uint16)
    for data in (png(np.concatenate([VALUES, alpha], 2)), tiff(np.concatenate([VALUES, alpha], 2), extrasamples=["unassalpha"])):
        assert np.array_equal(stored(data), VALUES)
        assert np.abs(decode(data, reading=TWELVE) - (0.2 * scaled(VALUES, 4095) + 0.8 * 255)).max() <= 1
        assert np.array_equal(decode(data, channels=4, reading=TWELVE)[:, :, 3], np.full((7, 9), 51))


def test_grey_with_transparency():
    rows = b"".join(b"\0" + row.tobytes() for row in np.stack([VALUES[..., 0], np.full((7, 9), 65535)], 2).astype(">u2"))
    data = written(9, 7, 16, 4, rows)
    assert np.array_equal(stored(data)[:, :, 0], VALUES[..., 0]) and looked(data)[:2] == (1, True)
    assert np.array_equal(decode(data, reading=TWELVE)[:, :, 0], scaled(VALUES[..., 0], 4095))


def test_one_colour_that_is_transparent():
    data = FILES["PNG"]
    red, green, blue = VALUES[0, 0].tolist()
    chunk = b"tRNS" + struct.pack(">3H", red, green, blue)
    at = data.index(b"IDAT") - 4
    data = data[:at] + struct.pack(">I", 6) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[at:]
    found = decode(data, reading=TWELVE)
    assert found[0, 0].tolist() == [255, 255, 255] and np.array_equal(found[1:], scaled(VALUES, 4095)[1:])


def test_a_profile_is_applied_after_the_range():
    grey = np.repeat(VALUES[..., :1], 3, axis=2)
    plain, own = tiff(grey), tiff(grey, iccprofile=profile(P3))
    assert np.array_equal(decode(plain, reading=TWELVE), scaled(grey, 4095))
    assert np.abs(decode(own, reading=TWELVE).astype(int) - scaled(grey, 4095)).max() <= 8  # gamma 2.2 and not sRGB's
    assert not np.array_equal(decode(own, reading=TWELVE), scaled(grey, 4095))


def test_older_artefacts_keep_the_upper_byte_and_a_cut_file_is_refused():
    assert np.array_equal(decode(FILES["PNG"], reading=OLD), VALUES >> 8)
    with pytest.raises(UnreadableImage):
        decode(FILES["PNG"][:-60])
