"""With the optional simplejpeg a JPEG is the same picture as without, and the same files are refused for the same reason."""

import random
from contextlib import nullcontext
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from skimage import data as photographs

from clearsight.base.errors import UnreadableImage
from clearsight.images import jpeg as module
from clearsight.images.decode import decode

quick = pytest.importorskip("simplejpeg")

# Two libjpeg-turbos of different years may round colours differently; with the same one nothing differs
TOLERANCE = 2
PHOTO = Image.fromarray(photographs.chelsea()[40:140, 60:190])  # 130×100
KINDS = (
    {},
    {"progressive": True},
    {"subsampling": 0},
    {"subsampling": 1},
    {"restart_marker_blocks": 3},
    {"quality": 30},
    {"keep_rgb": True},
)


def jpeg(image: Image.Image = PHOTO, **options) -> bytes:
    stream = BytesIO()
    image.save(stream, format="JPEG", **options)
    return stream.getvalue()


@pytest.fixture
def used(monkeypatch):
    """How often simplejpeg gave the pixels."""
    pixels = []

    class Watched:
        @staticmethod
        def decode_jpeg(*words, **options):
            pixels.append(quick.decode_jpeg(*words, **options))
            return pixels[-1]

    monkeypatch.setattr(module, "simplejpeg", Watched)
    return pixels


def both(data, monkeypatch, **options):
    """(with, without): the picture, or the reason why not."""

    def asked():
        try:
            return decode(data, **options)
        except UnreadableImage as error:
            return error.reason

    with_it = asked()
    with monkeypatch.context() as patch:
        patch.setattr(module, "simplejpeg", None)
        return with_it, asked()


def assert_same(a, b):
    if isinstance(a, str) or isinstance(b, str):
        assert a == b
    else:
        assert a.shape == b.shape and np.abs(a.astype(int) - b).max() <= TOLERANCE


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("options", KINDS, ids=str)
@pytest.mark.parametrize("min_side", [None, 13, 20, 50, 99])
def test_the_same_picture_at_every_size(options, mode, min_side, used, monkeypatch):
    data = jpeg(PHOTO.convert(mode), **(options if mode == "RGB" else {**options, "keep_rgb": False}))
    for channels in (None, 1, 3):
        assert_same(*both(data, monkeypatch, min_side=min_side, channels=channels))
    assert len(used) == 3


def test_what_it_does_not_do_is_left_to_pillow(used, monkeypatch):
    exif = Image.Exif()
    exif[0x0112] = 6
    for data in (jpeg(PHOTO.convert("CMYK")), jpeg(exif=exif)):
        assert_same(*both(data, monkeypatch))
    assert decode(jpeg(exif=exif)).shape == (130, 100, 3)
    assert not used


def test_damaged_files_are_refused_or_read_the_same(used, monkeypatch):
    whole, draw = [jpeg(PHOTO.convert(mode), **options) for mode in ("RGB", "L") for options in KINDS[:6]], random.Random(0)
    refused = read = 0
    for i in range(600):
        data = bytearray(draw.choice(whole))
        place = draw.randrange(3, len(data))
        match i % 4:
            case 0:
                del data[place:]
            case 1:
                data[place:] = b"\xff\xd9"
            case 2:
                data[place] ^= 1 << draw.randrange(8)
            case _:
                del data[place : place + draw.randrange(1, 30)]
        a, b = both(bytes(data), monkeypatch, min_side=draw.choice((None, 30)), max_pixels=1_000_000)
        assert_same(a, b)
        refused += isinstance(a, str)
        read += not isinstance(a, str)
    assert refused > 100 and read > 100 and used


SCAN, END = b"\xff\xda\0\2", b"\xff\xd9"


@pytest.mark.parametrize(("scans", "size", "allowed"), [(100, 1, True), (101, 1, False), (100, 0.5, True), (50, 2, True), (51, 2, False)])
def test_a_hundred_scans_are_the_most(scans, size, allowed):
    """Fewer in a picture of several times the size; the file is left behind the first."""
    file = BytesIO(b"\xff\xd8" + scans * SCAN + END)
    file.seek(2 + len(SCAN))
    with nullcontext() if allowed else pytest.raises(ValueError, match=f"it has {scans} scans; the limit is {int(100 / max(1, size))}"):
        assert module.whole(file, size) == file.getvalue()


def test_an_end_before_the_pixels_is_not_the_files():
    """A thumbnail has one of its own."""
    file = BytesIO(b"\xff\xd8" + END + SCAN)
    file.seek(4)
    with pytest.raises(EOFError, match="the end marker is missing"):
        module.whole(file)


def frame(kind: int, components: int) -> bytes:
    return bytes([0xFF, kind, 0, 8 + 3 * components, 8, 0, 1, 0, 1, components]) + bytes(3 * components)


@pytest.mark.parametrize(
    ("frames", "scalable", "components"),
    [
        ([(0xC0, 1)], True, 1),
        ([(0xC1, 3)], True, 3),
        ([(0xC2, 3)], True, 3),
        ([(0xC3, 3)], False, 3),  # lossless
        ([(0xC9, 3)], False, 3),  # arithmetic coding
        ([(0xCF, 4)], False, 4),
        ([(0xC0, 1), (0xC2, 3)], True, 3),
        ([(0xC0, 1), (0xC3, 3)], False, 3),
        ([(0xC4, 3)], False, 0),  # tables, no frame
        ([(0xC8, 3)], False, 0),
        ([(0xCC, 3)], False, 0),
        ([(0xD0, 3)], False, 0),
        ([], False, 0),
    ],
)
def test_frames_before_the_first_scan(frames, scalable, components):
    data = b"\xff\xd8" + b"".join(frame(*one) for one in frames) + SCAN + frame(0xC3, 2) + END
    assert (module.scalable(data), module.components(data)) == (scalable, components)
    assert module.components(data[: data.index(SCAN)]) == 0
