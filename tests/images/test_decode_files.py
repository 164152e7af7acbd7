"""Files as cameras, scanners, browsers and broken disks make them: each kind of Pillow's formats, whole, turned, cut off, damaged."""

import os
import struct
import subprocess
import sys
import warnings
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO, StringIO
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data as photographs

from clearsight.base.errors import UnreadableImage
from clearsight.images.decode import FORMATS, _draft, decode, picture_facts, source_name
from clearsight.images.deep import OLD

PHOTO = Image.fromarray(photographs.chelsea()[40:88, 60:124])  # 64×48
OTHER = PHOTO.transpose(Image.Transpose.ROTATE_180)
BACK = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # EXIF orientation → the transposition that a viewer has to undo


def encoded(image: Image.Image, format: str, **options) -> bytes:
    stream = BytesIO()
    image.copy().save(stream, format=format, **options)  # a copy: Pillow's writers leave settings in a picture
    return stream.getvalue()


def second() -> dict[str, Any]:
    return {"save_all": True, "append_images": [OTHER.copy()]}


def sixteen(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)


KINDS: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: encoded(PHOTO, "JPEG"),
    "jpeg-progressive": lambda: encoded(PHOTO, "JPEG", progressive=True),
    "jpeg-grey": lambda: encoded(PHOTO.convert("L"), "JPEG"),
    "jpeg-cmyk": lambda: encoded(PHOTO.convert("CMYK"), "JPEG"),
    "mpo": lambda: encoded(PHOTO, "MPO", **second()),
    "png": lambda: encoded(PHOTO, "PNG"),
    "png-palette": lambda: encoded(PHOTO.quantize(16), "PNG", transparency=3),
    "png-1": lambda: encoded(PHOTO.convert("1"), "PNG"),
    "png-16": lambda: encoded(sixteen(PHOTO), "PNG"),
    "png-alpha": lambda: encoded(PHOTO.convert("RGBA"), "PNG"),
    "png-animated": lambda: encoded(PHOTO, "PNG", **second()),
    "gif": lambda: encoded(PHOTO.quantize(64), "GIF"),
    "gif-animated": lambda: encoded(PHOTO.quantize(64), "GIF", **second()),
    "bmp": lambda: encoded(PHOTO, "BMP"),
    "bmp-palette": lambda: encoded(PHOTO.quantize(16), "BMP"),
    "tiff": lambda: encoded(PHOTO, "TIFF"),
    "tiff-pages": lambda: encoded(PHOTO, "TIFF", **second()),
    "tiff-float": lambda: encoded(Image.fromarray(np.asarray(PHOTO.convert("L"), np.float32) / 255), "TIFF"),
    **{
        f"tiff-{how}": lambda how=how: encoded(PHOTO, "TIFF", compression=how)
        for how in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")
    },
    "tiff-group4": lambda: encoded(PHOTO.convert("1"), "TIFF", compression="group4"),
    **(
        {
            "webp": lambda: encoded(PHOTO, "WEBP"),
            "webp-lossless": lambda: encoded(PHOTO.convert("RGBA"), "WEBP", lossless=True),
            "webp-animated": lambda: encoded(PHOTO, "WEBP", **second()),
        }
        if "WEBP" in FORMATS
        else {}
    ),
    **({"avif": lambda: encoded(PHOTO, "AVIF")} if "AVIF" in FORMATS else {}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_the_picture(kind, tmp_path):
    data = KINDS[kind]()
    path = tmp_path / "picture"
    path.write_bytes(data)
    picture = decode(path)
    assert np.array_equal(picture, decode(data))
    assert picture.shape[:2] == (48, 64)
    colour = picture.shape[2] == 3
    assert colour == (kind not in ("jpeg-grey", "png-1", "png-16", "tiff-float", "tiff-group4"))
    wanted = np.asarray(PHOTO.convert("RGB" if colour else "L")).reshape(picture.shape).astype(int)
    if kind not in ("png-1", "tiff-group4", "png-palette", "jpeg-cmyk"):
        assert np.abs(picture - wanted).mean() < 12
    facts = picture_facts(path)
    assert (facts.width, facts.height, facts.format.lower()) == (64, 48, "jpeg" if kind == "mpo" else kind.split("-")[0])


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_left_of_a_file_is_the_whole_picture_or_unreadable(kind, tmp_path):
    """A file may lose what follows its pixels (a second frame, a check sum), never a pixel."""
    data = KINDS[kind]()
    whole = decode(data)
    path = tmp_path / "cut"
    refused = 0
    lengths = {*range(0, len(data), max(1, len(data) // 60)), *range(len(data) - 12, len(data))}
    for length in sorted(lengths):
        path.write_bytes(data[:length])
        for source in (data[:length], path):
            try:
                assert np.array_equal(decode(source), whole), length
            except UnreadableImage:
                refused += 1
    assert refused > len(lengths) * (0.4 if kind in ("mpo", "tiff-pages") or "animated" in kind else 1.2)


@pytest.mark.parametrize("filled", [b"", bytes(1000)])
def test_a_jpeg_that_was_cut_off_and_filled_with_zeros_is_refused(filled):
    data = encoded(PHOTO.resize((320, 240)), "JPEG")
    cut = data[: len(data) // 2]
    with pytest.raises(UnreadableImage, match="truncated"):
        decode(cut + filled * (len(data) // len(filled or b"x")))


@pytest.mark.parametrize("format", sorted({*FORMATS} - {"GIF", "BMP", "PPM", "HEIF", "NPY"}))
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_of_every_format_that_has_one(format, orientation):
    upright = PHOTO.resize((48, 32)).convert("RGB")
    stored = upright.transpose(Image.Transpose(BACK[orientation])) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(stored, format, exif=exif)
    picture = decode(data)
    facts = picture_facts(data)
    assert (facts.height, facts.width, 3) == picture.shape == (32, 48, 3)
    assert np.abs(picture.astype(int) - np.asarray(upright)).mean() < 10
    assert np.array_equal(decode(Image.open(BytesIO(data))), picture)


BROKEN_EXIF = (b"MM\0*\0\0\0\x08\xff\xff", b"rubbish", b"", b"II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\xff\xff\xff\xff\0\0\0\0")


@pytest.mark.parametrize("exif", BROKEN_EXIF)
def test_broken_exif_costs_no_picture(exif):
    plain = KINDS["jpeg"]()
    data = with_exif(plain, exif)
    assert np.array_equal(decode(data), decode(plain))
    assert picture_facts(data).width == 64


def with_exif(jpeg: bytes, exif: bytes) -> bytes:
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 8) + b"Exif\0\0" + exif + jpeg[2:]


def test_nothing_is_said_about_broken_metadata(tmp_path):
    path = tmp_path / "broken.jpg"
    path.write_bytes(with_exif(KINDS["jpeg"](), BROKEN_EXIF[0]))
    script = f"from clearsight.images.decode import decode; print(decode({str(path)!r}).shape)"
    for option in ("default", "error"):
        done = subprocess.run([sys.executable, "-W", option, "-c", script], capture_output=True, text=True, check=True)
        assert (done.stdout, done.stderr) == ("(48, 64, 3)\n", "")


@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_alpha_is_laid_on_white_by_its_share(format, mode):
    alpha = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
    image = Image.new(mode[:-1], (16, 16), 40 if mode == "LA" else (40, 40, 40))
    image.putalpha(alpha)
    values = decode(encoded(image, format, **({"lossless": True, "exact": True} if format == "WEBP" else {})))
    wanted = 255 + (40 - 255) * np.arange(256).reshape(16, 16, 1) / 255
    assert np.abs(values - wanted).max() <= 1


def test_a_transparent_colour_is_white_in_every_mode():
    deep = np.array([[0, 300, 65535]], np.uint16)
    assert decode(encoded(Image.fromarray(deep), "PNG", transparency=300))[0, :, 0].tolist() == [0, 255, 255]
    assert decode(encoded(Image.fromarray(np.array([[7, 8]], np.uint8)), "PNG", transparency=7))[0, :, 0].tolist() == [255, 8]
    assert decode(encoded(Image.new("1", (2, 2)), "PNG", transparency=0)).tolist() == [[[255], [255]]] * 2
    premultiplied = Image.new("La", (2, 2), (10, 128))
    assert np.abs(decode(premultiplied).astype(int) - (10 + 127)).max() <= 1


def test_deep_grey_of_older_artefacts_has_the_least_white_that_holds_it():
    """8-bit values kept in 32 bits, 16-bit values in 32 bits, floats from 0 to 1, floats from 0 to 255."""
    for values, wanted in (
        (np.array([[0, 100, 255]], np.int32), [0, 100, 255]),
        (np.array([[0, 32896, 65535]], np.int32), [0, 128, 255]),
        (np.array([[0.0, 0.5, 1.0]], np.float32), [0, 128, 255]),
        (np.array([[0.0, 99.6, 255.0]], np.float32), [0, 100, 255]),
        (np.array([[0, 0, 0]], np.float32), [0, 0, 0]),
    ):
        assert decode(encoded(Image.fromarray(values), "TIFF"), reading=OLD)[0, :, 0].tolist() == wanted
        assert decode(Image.fromarray(values), reading=OLD)[0, :, 0].tolist() == wanted
    for bad in (np.array([[-1.0, 3.0]], np.float32), np.array([[0.0, np.nan]], np.float32), np.array([[0, 70_000]], np.int32)):
        unusual = "some of its values are not numbers" if np.isnan(bad).any() else "no usual white; state"
        with pytest.raises(UnreadableImage, match=unusual):
            decode(encoded(Image.fromarray(bad), "TIFF"), reading=OLD)
        with pytest.raises(UnreadableImage, match=r"those of its type go from|not numbers"):
            decode(encoded(Image.fromarray(bad), "TIFF"))
    assert decode(Image.fromarray(np.array([[0, 257 * 9]], ">u2")))[0, :, 0].tolist() == [0, 9]


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    chunks = (b"IHDR" + struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0), b"IDAT" + zlib.compress(rows), b"IEND")
    return b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks)


def test_deep_colour_is_scaled():
    row = struct.pack(">x6H", 0, 32896, 65535, 65535, 257, 0)
    assert decode(png(2, 1, 16, 2, row)).tolist() == [[[0, 128, 255], [255, 1, 0]]]


def test_cmyk_with_and_without_adobes_mark():
    """JPEGs hold CMYK inverted, as Adobe writes it; Pillow reads all of them so."""
    data = encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)
    mark = data.index(b"\xff\xee\0\x0eAdobe")
    for either in (data, data[:mark] + data[mark + 16 :]):
        assert decode(either)[8, 8].tolist() == pytest.approx([255, 0, 0], abs=4)
    ycck = Image.new("RGB", (16, 16), (200, 60, 20)).convert("CMYK")
    assert decode(encoded(ycck, "TIFF"))[0, 0].tolist() == pytest.approx([200, 60, 20], abs=2)


@pytest.mark.parametrize("min_side", range(1, 60))
def test_the_short_side_of_a_draft_is_never_below_what_was_asked(min_side):
    for size in ((57, 199), (224, 232), (64, 64)):
        picture = decode(encoded(PHOTO.resize(size), "JPEG"), min_side=min_side)
        short = min(picture.shape[:2])
        assert short >= min(min_side, *size)
        assert short < 2 * min_side or short <= -(-min(size) // 8)  # and as small as eighths allow


@pytest.mark.parametrize(
    ("start", "looks"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:", "git lfs pull"),
        (b"\n<!DOCTYPE html><html>", "a web page"),
        (b"<?xml version='1.0'?><svg>", "SVG or other XML"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEI[CF]"),
        (b"%PDF-1.7", "a PDF"),
        (b"PK\x03\x04\0\0", "a ZIP archive"),
        (b"hello", "it looks like text"),
        (b"\x01\x02\x03", r"it is not a picture in JPEG, .*\w$"),
    ],
)
def test_what_is_no_picture_is_called_by_its_name(start, looks, tmp_path):
    (tmp_path / "cat.jpg").write_bytes(start)
    with pytest.raises(UnreadableImage, match=looks) as caught:
        decode(tmp_path / "cat.jpg")
    assert caught.value.source.endswith("cat.jpg")
    with pytest.raises(UnreadableImage, match="read the third one: "):
        decode(start, name="the third one")


def test_what_cannot_be_opened(tmp_path, monkeypatch):
    loop = tmp_path / "loop.png"
    loop.symlink_to(loop)
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    for source, says in (
        (loop, "symbolic links"),
        (pipe, "not a regular file"),
        (StringIO("text"), "open it as binary"),
        (object(), "not object"),
    ):
        with pytest.raises(UnreadableImage, match=says):
            decode(source)
        with pytest.raises(UnreadableImage, match=says):
            picture_facts(source)
    secret = tmp_path / "secret.png"
    secret.write_bytes(KINDS["png"]())

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)  # the tests may run as root, who may read everything
    with pytest.raises(UnreadableImage, match=r"secret\.png: permission denied"):
        decode(secret)


def test_a_stream_that_cannot_seek_and_one_that_belongs_to_the_caller():
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as file:
        file.write(KINDS["gif"]())
    with os.fdopen(reader, "rb") as file:
        assert decode(file).shape == (48, 64, 3)
    stream = BytesIO(KINDS["png"]())
    decode(stream)
    picture_facts(stream)
    assert not stream.closed
    assert decode(bytearray(KINDS["png"]())).shape == (48, 64, 3)


@pytest.mark.parametrize("side", [9_600, 14_000, 60_000])  # above our limit, where Pillow warns (89 million), where it refuses
def test_a_bomb_is_refused_by_our_limit_in_any_thread_whatever_warnings_do(side):
    bomb = png(side, side, 1, 0, b"")
    limit = Image.MAX_IMAGE_PIXELS
    for action in ("error", "ignore"):
        with warnings.catch_warnings():
            warnings.simplefilter(action)
            with ThreadPoolExecutor(2) as pool:
                for future in [pool.submit(read, bomb) for read in (decode, picture_facts)]:
                    with pytest.raises(UnreadableImage, match=f": {side}×{side} is {side * side:,} px; the limit is 64,000,000"):
                        future.result()
    assert limit == Image.MAX_IMAGE_PIXELS


def test_a_limit_above_pillows_is_ours_too():
    wide = encoded(Image.new("1", (20_000, 5_000)), "PNG")
    with pytest.raises(UnreadableImage, match="the limit is 64,000,000"):
        decode(wide)
    assert picture_facts(wide, max_pixels=200_000_000).width == 20_000


@pytest.mark.parametrize(
    "failure", [MemoryError, RecursionError, KeyError, ZeroDivisionError, struct.error, OverflowError, NotImplementedError]
)
def test_whatever_pillow_raises_is_unreadable(failure, monkeypatch):
    def fail(*_, **__):
        raise failure

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", fail)
    with pytest.raises(UnreadableImage, match=r"cannot read <.*>: ."):
        decode(KINDS["bmp"]())


def test_arrays_and_tensors():
    tensor = torch.arange(24, dtype=torch.uint8).view(2, 4, 3)
    assert np.array_equal(decode(tensor), tensor.numpy())
    assert decode(tensor, channels=1).shape == (2, 4, 1)
    assert decode(np.array([[0, 65535]], ">u2"))[0, :, 0].tolist() == [0, 255]
    for bad, says in (
        (torch.zeros(2, 2, requires_grad=True), "no array can be made of it"),
        (torch.zeros(3, 2, 300, dtype=torch.uint8), r"not \(3, 2, 300\)"),
        (np.zeros((2, 2), np.int64), "must be uint8"),
        (np.zeros((2, 2), bool), "must be uint8"),
    ):
        with pytest.raises(UnreadableImage, match=says):
            decode(bad)
    assert picture_facts(np.zeros((2, 3, 3), np.uint8)).mode == "RGB"


def test_a_file_object_is_named_by_its_name_and_else_by_its_kind():
    named = BytesIO()
    named.name = "cat.jpg"
    assert (source_name(named), source_name(BytesIO()), source_name(b"abc")) == ("cat.jpg", "<BytesIO>", "<3 bytes>")


def test_a_picture_is_drafted_to_an_eighth_at_most():
    image = Image.open(BytesIO(encoded(PHOTO, "JPEG")))
    _draft(image, None, 1)
    assert image.size == (8, 6)
