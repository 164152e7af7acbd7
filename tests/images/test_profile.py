"""Colours of an embedded profile come out as sRGB, by the matrices of its primaries; sRGB and damaged profiles change nothing."""

import struct
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from clearsight.images.decode import decode
from clearsight.images.deep import OLD

# columns are red, green, blue in XYZ under D50
P3 = np.array([[0.51512, 0.29198, 0.1571], [0.2412, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])
SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.7141]])
GAMMA = 2.2


def profile(primaries: np.ndarray = P3, space: bytes = b"RGB ") -> bytes:
    """A matrix profile with gamma 2.2, after ICC.1:2001."""

    def xyz(values) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(65536 * value) for value in values))

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(256 * GAMMA)) + b"\0\0"
    text = b"Test\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(8 + 3 + 67)
    tags = {b"desc": description, b"wtpt": xyz((0.9642, 1, 0.8249)), b"cprt": b"text\0\0\0\0none\0"}
    if space == b"GRAY":
        tags[b"kTRC"] = curve
    else:
        tags |= {name + b"XYZ": xyz(column) for name, column in zip((b"r", b"g", b"b"), primaries.T, strict=True)}
        tags |= {name + b"TRC": curve for name in (b"r", b"g", b"b")}
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        data += bytes(-len(data) % 4)
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"\0" * 4, 0x02400000, b"mntr", space, b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + body


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def expected(colours: np.ndarray) -> np.ndarray:
    linear = np.clip((colours / 255) ** GAMMA @ (np.linalg.inv(SRGB) @ P3).T, 0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


COLOURS = np.array([[[200, 60, 40], [90, 160, 70], [60, 80, 190], [128, 128, 128], [255, 255, 255], [0, 0, 0]]], np.uint8)


def test_colours_of_a_wide_profile_are_converted():
    data = encoded(Image.fromarray(COLOURS), icc_profile=profile())
    found = decode(data)
    assert np.abs(found - expected(COLOURS)).max() <= 2
    assert np.abs(found[0, 0].astype(int) - COLOURS[0, 0]).max() > 8  # it matters
    assert np.array_equal(decode(data, reading=OLD), COLOURS)  # as artefacts of before read it


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "TIFF"])
def test_every_format_that_has_profiles(kind):
    flat = np.broadcast_to(COLOURS[:, :1], (16, 16, 3)).copy()
    data = encoded(Image.fromarray(flat), kind, icc_profile=profile(), quality=98)
    assert np.abs(decode(data)[8, 8] - expected(COLOURS[:, :1])[0, 0]).max() <= 6
    assert decode(data).shape == (16, 16, 3)


def test_transparency_palettes_and_grey():
    rgba = Image.fromarray(np.dstack([COLOURS, np.full((1, 6), 255, np.uint8)]))
    assert np.abs(decode(encoded(rgba, icc_profile=profile())) - expected(COLOURS)).max() <= 2
    palette = Image.fromarray(COLOURS).convert("P", palette=Image.Palette.ADAPTIVE, colors=6)
    own = np.asarray(palette.convert("RGB"))
    assert np.abs(decode(encoded(palette, icc_profile=profile())) - expected(own)).max() <= 2
    grey = Image.fromarray(np.array([[0, 128, 255]], np.uint8))
    linear = (128 / 255) ** GAMMA
    found = decode(encoded(grey, icc_profile=profile(space=b"GRAY")))[0, :, 0]
    assert found.tolist() == pytest.approx([0, 255 * (1.055 * linear ** (1 / 2.4) - 0.055), 255], abs=1)


def test_srgb_damaged_and_unfitting_profiles_change_nothing():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for one in (srgb, profile()[:200], b"x" * 300, profile(space=b"GRAY")):
        assert np.array_equal(decode(encoded(Image.fromarray(COLOURS), icc_profile=one)), COLOURS)
