"""Pictures of every kind come out whole and by value; what is not whole comes out as UnreadableImage with a reason."""

import zlib
from contextlib import nullcontext
from io import BytesIO
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from skimage import data as photographs

from clearsight.base.errors import UnreadableImage, UsageError
from clearsight.images import decode as module
from clearsight.images.bands import Bands
from clearsight.images.decode import FORMATS, _reason, decode, picture_facts, stored_pixels
from tests.rubbish.build import adam7, png

PHOTO = Image.fromarray(photographs.chelsea()[40:140, 60:190])  # 130×100
LOSSLESS = ("PNG", "GIF", "BMP", "TIFF")


def encoded(image: Image.Image, format: str = "PNG", **options) -> bytes:
    stream = BytesIO()
    image.save(stream, format=format, **options)
    return stream.getvalue()


@pytest.mark.parametrize("format", [kind for kind in FORMATS if kind not in ("HEIF", "NPY")])  # which Pillow cannot write
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_every_format_and_kind_of_source(format, mode, tmp_path):
    picture = PHOTO.convert(mode)
    data = encoded(picture, format)
    path = tmp_path / "any.name"
    path.write_bytes(data)
    with path.open("rb") as file:
        opened = [decode(source) for source in (path, str(path), data, file, BytesIO(data))]
    assert all(np.array_equal(opened[0], other) for other in opened)
    assert opened[0].dtype == np.uint8
    if mode == "L" and format in ("PPM", "PNG", "BMP", "TIFF", "JPEG", "GIF"):
        assert decode(data, channels=1).shape == (100, 130, 1)
    difference = np.abs(decode(data, channels=3).astype(int) - np.asarray(picture.convert("RGB")))
    assert difference.mean() < (1 if format in ("PNG", "PPM") else 12)  # a GIF has 256 colours, JPEG, WebP and AVIF lose some
    facts = picture_facts(path)
    assert (facts.width, facts.height, facts.format) == (130, 100, format)


def test_channels_are_as_they_are_unless_asked():
    grey, colour = encoded(PHOTO.convert("L")), encoded(PHOTO)
    assert [decode(grey).shape[2], decode(colour).shape[2]] == [1, 3]
    assert [decode(grey, channels=3).shape[2], decode(colour, channels=1).shape[2]] == [3, 1]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(orientation, tmp_path):
    upright = np.zeros((8, 16, 3), np.uint8)
    upright[:4, :8] = 255  # white top left
    stored = Image.fromarray(upright)
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transposition that the camera's tag asks a viewer to undo
    if orientation > 1:
        stored = stored.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "turned.png"
    stored.save(path, exif=exif)
    assert np.array_equal(decode(path), upright)
    assert (picture_facts(path).width, picture_facts(path).height) == (16, 8)


def test_transparency_is_laid_on_white():
    red = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    half = Image.new("RGBA", (4, 4), (0, 0, 0, 128))
    assert (decode(encoded(red)) == 255).all()
    assert abs(int(decode(encoded(half))[0, 0, 0]) - 127) <= 1
    assert (decode(encoded(Image.new("LA", (4, 4), (0, 0)))) == 255).all()
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([10, 20, 30, 40, 50, 60])
    assert (decode(encoded(palette, transparency=0)) == 255).all()
    assert decode(encoded(palette))[0, 0].tolist() == [10, 20, 30]
    assert (decode(encoded(Image.new("RGB", (4, 4), (1, 2, 3)), transparency=(1, 2, 3))) == 255).all()


def test_sixteen_bits_are_scaled_not_clipped():
    values = np.array([[0, 256, 32896, 65535]], np.uint16)
    for format in ("PNG", "TIFF"):
        assert decode(encoded(Image.fromarray(values), format))[0, :, 0].tolist() == [0, 1, 128, 255]
    assert decode(values)[0, :, 0].tolist() == [0, 1, 128, 255]


def test_one_bit_and_cmyk():
    assert decode(encoded(Image.fromarray(np.array([[0, 255]], np.uint8)).convert("1")))[0, :, 0].tolist() == [0, 255]
    cmyk = decode(encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG"))
    assert cmyk.shape[2] == 3
    assert cmyk[8, 8, 0] > 200 > 60 > cmyk[8, 8, 1]


def test_of_an_animation_the_first_frame():
    frames = [Image.new("L", (6, 6), value) for value in (10, 200)]
    assert (decode(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]), channels=1) == 10).all()


def test_a_jpeg_may_come_smaller_but_never_too_small():
    data = encoded(PHOTO.resize((800, 600)), "JPEG")
    for side in (10, 70, 75, 76, 150, 299, 300, 301):
        small = decode(data, min_side=side)
        assert min(small.shape[:2]) >= side
    assert decode(data, min_side=70).shape[0] < 600
    assert decode(data).shape == (600, 800, 3)


def test_reasons(tmp_path):
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.jpg").write_text("not a picture")
    reasons = {
        tmp_path: "it is a folder",
        tmp_path / "missing.png": "there is no such file",
        tmp_path / "empty.png": r"it is empty \(0 bytes\)",
        tmp_path / "text.jpg": "it is not a picture in JPEG, PNG",
        b"": r"it is empty \(0 bytes\)",
        "a\0b": "null",
        b"\xff\xd8\xff\xe0\0": "^cannot read <5 bytes>: JPEG, cut off or damaged: ",
        Path("x" * 5000): "too long",
    }
    for source, reason in reasons.items():
        with pytest.raises(UnreadableImage, match=reason) as caught:
            decode(source)
        assert caught.value.source
    with pytest.raises(UnreadableImage, match="not int"):
        decode(3)


def test_the_pixel_limit_and_the_formats_are_settings():
    data = encoded(PHOTO)
    with pytest.raises(UnreadableImage, match=r"130×100 is 13,000 px; the limit is 12,999"):
        decode(data, max_pixels=12_999)
    with pytest.raises(UnreadableImage, match="it is PNG, and only JPEG, GIF may be read here"):
        decode(data, formats=("JPEG", "GIF"))
    with pytest.raises(UsageError, match="Did you mean JPEG"):
        decode(data, formats=("JPG",))
    with pytest.raises(UsageError, match="channels must be 1, 3, another number of bands up to 256, or None"):
        decode(data, channels=0)
    with pytest.raises(UnreadableImage, match="it has 3 bands, and 4 are wanted"):
        decode(data, channels=4)


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.zeros((4, 4), np.float32), "must be uint8"),
        (np.zeros((4, 4, 300), np.uint8), r"not \(4, 4, 300\)"),
        (np.zeros((0, 4), np.uint8), "must be"),
        (np.zeros(4, np.uint8), "must be"),
        (np.array([["a"]]), "must be uint8"),
    ],
)
def test_arrays_that_are_no_pictures(array, says):
    with pytest.raises(UnreadableImage, match=says):
        decode(array)


def test_arrays_that_are():
    rgba = np.zeros((2, 2, 4), np.uint8)
    assert (decode(rgba) == 255).all()
    assert decode(np.zeros((2, 3), np.uint8)).shape == (2, 3, 1)
    assert decode(np.full((2, 3), 7, np.uint8), channels=3).tolist() == np.full((2, 3, 3), 7).tolist()


def test_every_size_of_an_interlaced_png_is_whole_with_all_its_rows_and_cut_off_without_the_last():
    """Of zeros: Pillow leaves rows 0 that are missing, so only their count tells."""
    for width, height in product(range(1, 14), (*range(2, 10), 17, 240)):
        rows = adam7(np.zeros((height, width), np.uint8))
        assert decode(png(width, height, 8, 0, rows, interlaced=1)).shape == (height, width, 1)
        for cut in (1, 1 + width):  # the last pass has every second row, whole
            with pytest.raises(UnreadableImage, match="truncated"):
                decode(png(width, height, 8, 0, rows[:-cut], interlaced=1))


def test_a_transparent_palette_and_a_cut_off_row_of_every_kind():
    """Bits of a pixel by depth and colour: a row that lacks its last byte is noticed in each."""
    palette = b"\0\0\0\6PLTE" + bytes(range(6))
    before = palette + zlib.crc32(palette[4:]).to_bytes(4, "big")
    for depth, colour, bits in ((1, 0, 1), (4, 0, 4), (8, 0, 8), (16, 0, 16), (8, 2, 24), (2, 3, 2), (8, 4, 16), (8, 6, 32), (16, 6, 64)):
        rows = bytes((1 + (9 * bits + 7) // 8) * 3)
        given = {"before": before if colour == 3 else b""}
        assert decode(png(9, 3, depth, colour, rows, **given)).shape[:2] == (3, 9)
        with pytest.raises(UnreadableImage, match="truncated"):
            decode(png(9, 3, depth, colour, rows[:-1], **given))


def test_the_orientation_of_a_png_may_come_after_its_pixels():
    exif = Image.Exif()
    exif[0x0112] = 6
    tag = b"eXIf" + exif.tobytes()[6:]
    late = len(tag[4:]).to_bytes(4, "big") + tag + zlib.crc32(tag).to_bytes(4, "big")
    whole = encoded(Image.new("L", (7, 3), 9))
    facts = picture_facts(whole[:-12] + late + whole[-12:])  # before the end
    assert (facts.width, facts.height) == (3, 7)


def test_facts_are_those_of_the_header_alone():
    """But for PNG, whose orientation may come after the pixels."""
    for format in ("JPEG", "BMP", "GIF"):
        data = encoded(PHOTO, format)
        facts = picture_facts(data[: len(data) // 2])
        assert (facts.width, facts.height, facts.format) == (130, 100, format)


def test_a_jpeg_of_any_orientation_has_the_size_of_its_upright_picture():
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        facts = picture_facts(encoded(PHOTO, "JPEG", exif=exif))
        assert (facts.width, facts.height) == ((130, 100) if orientation < 5 else (100, 130))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("a broken tag"), "TIFF, cut off or damaged: a broken tag"), (KeyError(273), "TIFF, cut off or damaged: KeyError 273"),
        (EOFError(), "TIFF, cut off or damaged: EOFError"),
        (IndexError("no row"), "TIFF, cut off or damaged: IndexError no row"),
    ],
)  # fmt: skip
def test_an_error_that_says_nothing_by_itself_is_named(error, reason):
    assert _reason(error, "TIFF") == reason


def test_pixels_are_counted_from_the_header_alone():
    stream = BytesIO()
    Image.new("RGB", (70, 50)).save(stream, "PNG")
    header_and_half = stream.getvalue()[:60]
    assert stored_pixels(header_and_half) == 3500
    with pytest.raises(UnreadableImage, match="the limit is 3,000"):
        stored_pixels(header_and_half, max_pixels=3000)


@pytest.mark.parametrize(
    ("tags", "raw"),
    [
        ({}, False),
        ({50706: b"\1\4\0\0"}, True),  # a DNG's version
        ({254: 1, 330: (8,)}, True),  # a thumbnail, and pictures below it
        ({254: 3, 330: (8,)}, True),
        ({254: 1}, False),
        ({254: 0, 330: (8,)}, False),
        ({254: 2, 330: (8,)}, False),  # a page of several
        ({330: (8,)}, False),
        ({254: (1, 1), 330: (8,)}, False),
    ],
)
def test_a_raw_file_is_known_by_its_tags(tags, raw):
    with pytest.raises(UnreadableImage, match="raw") if raw else nullcontext():
        module._refuse_raw(SimpleNamespace(tag_v2=tags), "x")


@pytest.mark.parametrize(
    ("size", "min_side", "drafted"),
    [
        ((100, 80), None, None),
        ((100, 81), None, (50, 41)),  # as many pixels as are allowed are not halved, one more is
        ((200, 160), None, (100, 80)),
        ((201, 160), None, (51, 40)),
        ((400, 320), None, (100, 80)),
        ((401, 320), None, (51, 40)),
        ((4001, 3200), None, (501, 400)),  # no smaller than an eighth
        ((4001, 3200), 30, (30, 30)),
    ],
)
def test_a_jpeg_of_more_than_8000_pixels_is_halved_until_it_is_not(size, min_side, drafted):
    asked = [None]
    module._draft(SimpleNamespace(size=size, draft=lambda mode, wanted: asked.append(wanted)), min_side, 8000)
    assert asked[-1] == drafted


class Banded(Bands):
    """A picture of so many bands, opened."""

    def __init__(self, size, bands):
        self.size, self.bands = size, bands

    def _facts(self):
        raise NotImplementedError

    def array(self):
        raise NotImplementedError


@pytest.mark.parametrize(
    ("size", "bands", "reason"),
    [
        ((10, 10), None, None),
        ((10, 11), None, "10×11 is 110 px; the limit is 100"),
        ((0, 10), None, "it has no pixels"),
        ((10, 10), 1, None),
        ((10, 10), 4, None),
        ((10, 10), 5, "10×10 in 5 bands are 500 values; the limit is 400"),
        ((1, 1), 0, "it has 0 bands"),
        ((1, 1), module.MOST_BANDS, None),
        ((1, 1), module.MOST_BANDS + 1, "bands; up to"),
    ],
)
def test_the_limits_of_a_picture(size, bands, reason):
    image = SimpleNamespace(size=size) if bands is None else Banded(size, bands)
    with pytest.raises(UnreadableImage, match=reason) if reason else nullcontext():
        module._limit(image, 100, "x")


@pytest.mark.parametrize(("side", "smaller"), [(15, []), (16, [8]), (71, [8]), (72, [9])])
def test_a_jpeg_is_examined_smaller_too(monkeypatch, side, smaller):
    """At an eighth of its size, and at no less than 8 px; below 16 px it is never decoded smaller."""
    asked = []
    monkeypatch.setattr(module, "decode", lambda source, min_side: asked.append(min_side))
    stream = BytesIO()
    Image.new("L", (side, side + 5)).save(stream, "JPEG")
    facts, picture = module.examined(stream.getvalue())
    assert (facts.width, facts.height) == (side, side + 5) == picture.shape[1::-1] and asked == smaller
    module.examined(encoded(Image.new("L", (100, 100))))
    assert asked == smaller  # a PNG never is


@pytest.mark.parametrize(
    ("shape", "kind", "mode"),
    [
        ((4, 6), "uint8", "L"),
        ((4, 6, 1), "uint8", "L"),
        ((4, 6, 3), "uint8", "RGB"),
        ((4, 6, 4), "uint8", "RGBA"),
        ((4, 6, 2), "uint8", "2×uint8"),
        ((4, 6), "uint16", "1×uint16"),
        ((4, 6, 3), "uint16", "3×uint16"),
    ],
)
def test_facts_of_an_array(shape, kind, mode):
    assert picture_facts(np.zeros(shape, kind)) == module.Facts(6, 4, mode, "array")
    for wrong in (np.zeros(4, kind), np.zeros((1, 4, 6, 3), kind)):
        with pytest.raises(UnreadableImage):
            picture_facts(wrong)
