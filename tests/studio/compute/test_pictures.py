"""Small pictures side by side."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from clearsight.base.errors import ClearsightError
from clearsight.studio.compute.pictures import encoded, stored_bytes, thumbnail, tiled


def test_a_picture_is_never_larger_than_its_cell_and_lies_in_its_middle():
    wide, small = np.full((100, 300, 3), 200, np.uint8), np.full((10, 20, 1), 90, np.uint8)
    image, side, boxes = tiled([thumbnail(wide), None, thumbnail(small)], 2)
    whole = np.asarray(Image.open(io.BytesIO(base64.b64decode(image))))
    assert side == 64 and whole.shape == (128, 128, 3) and boxes == [[0, 21, 64, 21], [0, 0, 0, 0], [22, 27, 20, 10]]
    assert abs(int(whole[32, 32, 0]) - 200) < 4 and whole[32, 96].max() < 4 and abs(int(whole[96, 32, 1]) - 90) < 4


def test_pixels_of_tiny_pictures_are_kept():
    tiny = np.random.default_rng(0).integers(0, 256, (2, 28, 28, 1), np.uint8)
    image, side, _ = tiled([thumbnail(one) for one in tiny], 16)
    assert side == 28 and np.array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(image))))[:, 28:56], tiny[1, ..., 0])
    bands = np.zeros((40, 40, 5), np.uint8)
    assert thumbnail(bands).mode == "RGB"


def test_a_large_picture_is_shown_at_most_640_px_wide():
    told = base64.b64decode(encoded(np.zeros((100, 1300, 3), np.uint8)))
    assert told.startswith(b"\xff\xd8") and Image.open(io.BytesIO(told)).size == (640, 49)


def test_the_bytes_of_a_picture_have_its_pixels(tmp_path):
    for pixels in (np.arange(48, dtype=np.uint8).reshape(4, 4, 3), np.arange(16, dtype=np.uint8).reshape(4, 4)):
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(stored_bytes(pixels)))), pixels)
    assert stored_bytes(np.zeros((4, 4), np.uint16)) is None and stored_bytes(np.zeros((4, 4, 5), np.uint8)) is None
    (tmp_path / "one.gif").write_bytes(b"GIF89a")
    assert stored_bytes(tmp_path / "one.gif") == b"GIF89a" and stored_bytes(tmp_path) is None
    with pytest.raises(ClearsightError, match="cannot be read: No such file"):
        stored_bytes(tmp_path / "gone.png")
