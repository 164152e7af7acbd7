"""A row for each mode and depth: the values decoded here against those that another library reads, with the reason of each difference."""

import struct
from collections.abc import Callable
from io import BytesIO
from typing import NamedTuple

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from clearsight.images.decode import decode
from clearsight.images.deep import Reading
from tests.images.test_profile import profile
from tests.images.test_wide import png, tiff

R = np.random.default_rng(0)
GREY, RGB = R.integers(0, 256, (9, 12), np.uint8), R.integers(0, 256, (9, 12, 3), np.uint8)
DEEP = R.integers(0, 65536, (9, 12)).astype(np.uint16)
PALETTE = Image.fromarray(RGB).quantize(16)


def saved(picture: Image.Image | np.ndarray, kind: str = "PNG", **options) -> bytes:
    stream = BytesIO()
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(stream, kind, **options)
    return stream.getvalue()


def grey_tiff(values: np.ndarray, **options) -> bytes:
    stream = BytesIO()
    tifffile.imwrite(stream, values, photometric="minisblack", **options)
    return stream.getvalue()


def by_pillow(data: bytes, mode: str = "RGB") -> np.ndarray:
    return np.asarray(Image.open(BytesIO(data)).convert(mode))


def by_opencv(data: bytes) -> np.ndarray:
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    return found if found.ndim == 2 else found[..., [2, 1, 0, 3][: found.shape[2]]]


def by_tifffile(data: bytes) -> np.ndarray:
    return tifffile.imread(BytesIO(data))


def line(black: float, white: float) -> Callable[[np.ndarray], np.ndarray]:
    """The grey of a value beyond 8 bits: on a line from black to white, rounded, clipped."""
    return lambda values: np.clip(np.rint(255 * (values.astype(float) - black) / (white - black)), 0, 255)


def on_white(values: np.ndarray) -> np.ndarray:
    alpha = values[..., -1:].astype(float) / 255
    return values[..., :-1] * alpha + 255 * (1 - alpha)


def bands_last(values: np.ndarray) -> np.ndarray:
    return np.moveaxis(values, 0, 2)


def same(values: np.ndarray) -> np.ndarray:
    return values


class Case(NamedTuple):
    data: bytes
    oracle: Callable[[bytes], np.ndarray]
    made: Callable[[np.ndarray], np.ndarray] = same  # what is done here to the values of the oracle, which is the difference
    most: int = 0  # levels that may differ
    reading: Reading = Reading()


def ranged(kind: str, low: float, high: float) -> Case:
    values = np.linspace(low, high, 108).reshape(9, 12)
    if np.dtype(kind).kind in "iu":
        values = np.rint(values)
    return Case(grey_tiff(values.astype(kind)), by_tifffile, line(low, high), 0, Reading((low, high)))


CASES = {
    "1 bit PNG": Case(saved(Image.fromarray(GREY).convert("1")), lambda data: by_pillow(data, "L")),
    "1 bit TIFF": Case(saved(Image.fromarray(GREY).convert("1"), "TIFF"), by_tifffile, lambda values: 255 * values),
    "8 bit PNG": Case(saved(GREY), by_opencv),
    "8 bit TIFF": Case(grey_tiff(GREY), by_tifffile),
    "10 in 16 PNG": Case(saved(DEEP >> 6), by_opencv, line(0, 1023), 0, Reading((0, 1023))),
    "12 in 16 TIFF": Case(grey_tiff(DEEP >> 4), by_tifffile, line(0, 4095), 0, Reading((0, 4095))),
    "16 bit PNG": Case(saved(DEEP), by_opencv, line(0, 65535)),
    "16 bit PNG, Pillow": Case(saved(DEEP), lambda data: np.asarray(Image.open(BytesIO(data))), line(0, 65535)),
    "16 bit TIFF": Case(grey_tiff(DEEP), by_tifffile, line(0, 65535)),
    "signed 8": ranged("int8", -128, 127),
    "signed 16": ranged("int16", -1024, 3071),
    "signed 32": ranged("int32", -70000, 90000),
    "unsigned 32": ranged("uint32", 0, 2**32 - 1),
    "float 16": ranged("float16", 0, 2),
    "float 32": ranged("float32", -3, 9),
    "float 64": ranged("float64", 0, 1),
    "float 32 of the usual range": Case(grey_tiff((GREY / 255).astype(np.float32)), by_tifffile, line(0, 1)),
    "RGB PNG": Case(saved(RGB), by_opencv),
    "RGB TIFF": Case(tiff(RGB), by_tifffile),
    "RGB BMP": Case(saved(RGB, "BMP"), by_opencv),
    "RGB WebP": Case(saved(RGB, "WEBP", lossless=True), by_opencv),
    "RGB JPEG": Case(saved(RGB, "JPEG", quality=95), by_pillow),
    "RGB JPEG, OpenCV": Case(saved(RGB, "JPEG", quality=95), by_opencv, most=3),  # another inverse transform and upsampling
    "16 bit RGB PNG": Case(png(np.repeat(DEEP[..., None], 3, 2)), by_opencv, line(0, 65535)),
    "16 bit RGB PNG, Pillow": Case(png(np.repeat(DEEP[..., None], 3, 2)), by_pillow, most=1),  # which cuts where we round
    "16 bit RGB TIFF": Case(tiff(np.repeat(DEEP[..., None], 3, 2)), by_tifffile, line(0, 65535)),
    "CMYK JPEG": Case(saved(Image.fromarray(RGB).convert("CMYK"), "JPEG"), by_pillow),
    "CMYK TIFF": Case(saved(Image.fromarray(RGB).convert("CMYK"), "TIFF"), by_pillow),
    "palette PNG": Case(saved(PALETTE), by_pillow),
    "palette GIF": Case(saved(PALETTE, "GIF"), by_pillow),
    "RGBA PNG": Case(saved(np.dstack([RGB, GREY])), by_opencv, on_white, 1),  # Pillow rounds the sum to whole levels
    "RGBA WebP": Case(saved(np.dstack([RGB, GREY | 1]), "WEBP", lossless=True), by_opencv, on_white, 1),
    "LA PNG": Case(saved(np.dstack([GREY, GREY[::-1]])), lambda data: np.asarray(Image.open(BytesIO(data))), on_white, 1),
    "PGM": Case(b"P5 12 9 255\n" + GREY.tobytes(), by_opencv),
    "16 bit PGM": Case(b"P5 12 9 65535\n" + DEEP.astype(">u2").tobytes(), by_opencv, line(0, 65535)),
    "PPM": Case(b"P6 12 9 255\n" + RGB.tobytes(), by_opencv),
    "4 bands": Case(tiff(np.dstack([RGB, GREY]), extrasamples=["unspecified"]), by_tifffile),
    "12 bands of 16": Case(grey_tiff(np.repeat(DEEP[..., None], 12, 2), planarconfig="contig"), by_tifffile, line(0, 65535)),
    "5 bands, a plane each": Case(grey_tiff(np.repeat(GREY[None], 5, 0), planarconfig="separate"), by_tifffile, bands_last),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_values_are_those_of_another_library(name):
    case = CASES[name]
    found, wanted = decode(case.data, reading=case.reading).astype(float), case.made(case.oracle(case.data))
    wanted = wanted if wanted.ndim == 3 else wanted[:, :, None]
    assert found.shape == wanted.shape and np.abs(found - wanted).max() <= case.most


def cmyk_profile() -> bytes:
    """A profile of a printer without colours: lightness falls from 100 to 0 with black, and with the mean of the inks."""
    corners = [(1 - k) * (1 - (c + m + y) / 3) for c in (0, 1) for m in (0, 1) for y in (0, 1) for k in (0, 1)]
    table, identity = b"".join(bytes((round(255 * light), 128, 128)) for light in corners), bytes(range(256))
    matrix = struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    lut = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + matrix + 4 * identity + table + 3 * identity
    base = profile(space=b"GRAY")
    tags = {b"A2B0": lut + bytes(-len(lut) % 4), b"wtpt": b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)}
    start, body, entries = 128 + 4 + 12 * len(tags), b"", struct.pack(">I", len(tags))
    for key, data in tags.items():
        entries += key + struct.pack(">II", start + len(body), len(data))
        body += data
    head = struct.pack(">I", start + len(body)) + base[4:12] + b"prtr" + b"CMYK" + b"Lab " + base[24:128]
    return head + entries + body


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_with_a_profile_is_what_the_profile_says(kind):
    """L* of 0, 49.8 and 100 are 0, 118.4 and 255 in sRGB; Pillow's convert("RGB") takes no notice of the profile."""
    for black, grey in ((0, 255), (128, 118.4), (255, 0)):
        data = saved(Image.new("CMYK", (16, 16), (0, 0, 0, black)), kind, icc_profile=cmyk_profile())
        assert np.abs(decode(data).astype(float) - grey).max() <= 2


def test_order_of_brightness_is_kept_over_a_data_set():
    """However dark or bright the other pixels of a picture are, a brighter value never comes out darker, in any type."""
    for kind, reading in (("uint16", Reading((0, 4095))), ("int32", Reading((-500, 4095))), ("float32", Reading((0, 4095)))):
        pictures = [np.sort(R.integers(0, top, (4, 6))).astype(kind) for top in (60, 700, 4096)]
        stored = np.concatenate([picture.reshape(-1) for picture in pictures])
        found = np.concatenate([decode(grey_tiff(picture), reading=reading).reshape(-1) for picture in pictures])
        assert (np.diff(found[np.argsort(stored, kind="stable")].astype(int)) >= 0).all()
        for value in np.unique(stored):
            assert len(np.unique(found[stored == value])) == 1
