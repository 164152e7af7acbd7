"""Grey or colour by the first bytes is grey or colour by Pillow, in every mode and format, and an unreadable file is said to be one."""

import os
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from clearsight.base.errors import UnreadableImage
from clearsight.images import header
from clearsight.images.decode import examined, picture_facts
from clearsight.images.header import HEAD, MODES, Stored, is_grey, looked
from clearsight.images.jpeg import components

RAMP = np.linspace(0, 255, 20 * 30).reshape(20, 30)
MADE = {mode: Image.fromarray(RAMP.astype(np.uint8)).convert(mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK")}
MADE |= {"I;16": Image.fromarray((RAMP * 257).astype(np.uint16)), "F": Image.fromarray((RAMP / 255).astype(np.float32))}
KINDS = [("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")] + [("JPEG", mode) for mode in ("L", "RGB", "CMYK")]
KINDS += [("TIFF", mode) for mode in MADE] + [("BMP", "L"), ("BMP", "RGB"), ("GIF", "L"), ("WEBP", "RGB")]


def encoded(kind: str, mode: str, **options) -> bytes:
    stream = BytesIO()
    MADE[mode].save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize(("kind", "mode"), KINDS)
def test_it_is_what_pillow_says(kind, mode, tmp_path):
    path = tmp_path / "picture"
    path.write_bytes(encoded(kind, mode))
    expected = mode in ("1", "L", "LA", "I;16", "F")
    assert is_grey(path) == is_grey(path.read_bytes()) == (picture_facts(path).mode in MODES) == expected


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "L"), ("GIF", "P"), ("TIFF", "L"), ("TIFF", "F"), ("WEBP", "RGB")])
def test_further_frames_are_seen(kind, mode, tmp_path):
    other = MADE[mode].transpose(Image.Transpose.ROTATE_180)
    (tmp_path / "one").write_bytes(encoded(kind, mode))
    (tmp_path / "two").write_bytes(encoded(kind, mode, save_all=True, append_images=[other]))
    assert [looked(tmp_path / name).several for name in ("one", "two")] == [False, True]
    assert examined(tmp_path / "two")[0].several


def test_an_animation_of_one_frame_is_one_picture(tmp_path):
    data = encoded("PNG", "L")
    control = b"acTL" + (1).to_bytes(4, "big") + (3).to_bytes(4, "big")  # one frame, shown three times
    chunk = (8).to_bytes(4, "big") + control + zlib.crc32(control).to_bytes(4, "big")
    (tmp_path / "looped").write_bytes(data[:33] + chunk + data[33:])
    assert not looked(tmp_path / "looped").several


@pytest.mark.parametrize("options", [{"progressive": True}, {"exif": b"Exif\0\0" + bytes(5 * HEAD)}, {"comment": b"\xff\xc0\0\x0b" * HEAD}])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_jpeg_with_much_before_its_frame(mode, options, tmp_path):
    path = tmp_path / "picture.jpg"
    path.write_bytes(encoded("JPEG", mode, **options))
    assert is_grey(path) == (mode == "L")


def test_what_is_no_picture_is_said(tmp_path):
    path = tmp_path / "none.png"
    for data in (b"", b"text", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"):
        path.write_bytes(data)
        with pytest.raises(UnreadableImage, match=r"none\.png"):
            is_grey(path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableImage, match="not a regular file"):
        is_grey(tmp_path / "pipe")
    assert is_grey(np.zeros((4, 4), np.uint8)) and not is_grey(np.zeros((4, 4, 3), np.uint8))


def test_the_first_bytes_decide_without_pillow(tmp_path, monkeypatch):
    monkeypatch.setattr(header, "picture_facts", None)
    for kind, mode in [*(("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA")), ("JPEG", "L"), ("JPEG", "RGB")]:
        (tmp_path / "picture").write_bytes(encoded(kind, mode))
        assert is_grey(tmp_path / "picture") == (mode in ("1", "L", "LA")), (kind, mode)


@pytest.mark.parametrize("length", [0, 1, 2])
def test_a_segment_shorter_than_its_own_length_ends_after_it(length):
    """As libjpeg reads it: two bytes are its length, whatever that is, and the next marker may follow at once."""
    frame = b"\xff\xc0\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00"
    data = b"\xff\xd8\xff\xe0" + length.to_bytes(2, "big") + frame + b"\xff\xda"
    assert components(data) == 1


@pytest.mark.parametrize(("kind", "mode", "deep"), [("PNG", "I;16", True), ("TIFF", "F", True), ("BMP", "RGB", False), ("GIF", "L", False)])
def test_more_than_8_bits_are_known_without_the_pixels(kind, mode, deep):
    assert header.looked(encoded(kind, mode)).deep is deep


def png_head(depth=8, colour=2, chunk=b"", frames=0, signature=b"\x89PNG\r\n\x1a\n"):
    return signature + b"\0\0\0\x0dIHDR" + bytes(8) + bytes([depth, colour]) + b"\0\0\0" + bytes(4) + chunk + frames.to_bytes(4, "big")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (png_head(colour=0), Stored(1, False)),
        (png_head(colour=4), Stored(1, False)),
        (png_head(colour=2), Stored(3, False)),
        (png_head(colour=3), Stored(3, False)),
        (png_head(colour=6), Stored(3, False)),
        (png_head(16, 0), Stored(1, True)),
        (png_head(4, 0), Stored(1, False)),
        (png_head(chunk=b"acTL", frames=2), Stored(3, False, True)),
        (png_head(chunk=b"acTL", frames=1), Stored(3, False)),
        (png_head(chunk=b"IDAT..acTL", frames=2), Stored(3, False)),  # behind the pixels it is none
        (png_head()[:26], Stored(3, False)),
        (png_head()[:25], None),
        (png_head(signature=b"\x89PNG\r\n\x1a\r"), None),
        (b"\xff\xd8\xff", None),
    ],
)
def test_how_a_png_is_stored_by_its_first_bytes(head, expected):
    assert header._stored(head) == expected
