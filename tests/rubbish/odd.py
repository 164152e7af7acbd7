"""The known classes of odd pictures that are whole: each with its values by arithmetic, or those of its plain form."""

import struct
from dataclasses import dataclass

import numpy as np
from PIL import Image

from clearsight.images.decode import FORMATS

from .build import adam7, after_start, chunk, encoded, exif, gif, many_scans, plain_tiff, png, segment, tiff
from .build import bmp as bitmap

ROWS, COLUMNS = np.mgrid[:16, :24]
SMOOTH = np.stack([ROWS * 15, COLUMNS * 10, 128 + ROWS * 2], axis=2).astype(np.uint8)  # 16×24, kind to JPEG
COLOUR = Image.fromarray(SMOOTH)
GREY = np.arange(256, dtype=np.uint8).reshape(16, 16)
FRAMES = [Image.new("RGB", (24, 16), (250 - 60 * i, 10 + 60 * i, 90)) for i in range(3)]
FIRST = np.asarray(FRAMES[0])
DEEP = np.array([[0, 128, 129, 255, 256, 257, 32767, 32896, 65406, 65407, 65535]], np.uint16)
SCALED = np.round(DEEP / 257).astype(np.uint8)[:, :, None]
CODES = (4 | 1 << 3 | 1 << 6 | 1 << 9 | 1 << 12 | 5 << 16).to_bytes(3, "little")  # LZW: clear, 1, 1, 1, 1, end; the last two of 4 bits
MIDDLE = np.pad(np.full((2, 2, 3), 255, np.uint8), ((1, 1), (1, 1), (0, 0)))
BACK = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # EXIF orientation → the transposition that a viewer has to undo


@dataclass(frozen=True)
class Whole:
    """A file and the picture it holds, no value further off than `within`."""

    data: bytes
    wanted: np.ndarray
    within: int = 0


def on_white(values: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return np.round(255 + (values.astype(float) - 255) * alpha[:, :, None] / 255).astype(np.uint8)


def turned(orientation: int) -> Image.Image:
    """What a camera stores with this orientation so that SMOOTH is seen."""
    return COLOUR.transpose(Image.Transpose(BACK[orientation])) if orientation > 1 else COLOUR


def oriented() -> dict[str, Whole]:
    within = {"JPEG": 16, "WEBP": 16, "AVIF": 16}  # another orientation is off by 100 and more
    formats = [kind for kind in FORMATS if kind not in ("GIF", "BMP", "PPM", "HEIF", "NPY")]
    return {
        f"{kind.lower()}, orientation {n}": Whole(encoded(turned(n), kind, exif=exif(n), quality=95), SMOOTH, within.get(kind, 0))
        for kind in formats
        for n in range(1, 9)
    } | {
        f"jpeg, orientation {n}, which there is not": Whole(encoded(COLOUR, "JPEG", exif=exif(n), quality=95), SMOOTH, 16)
        for n in (0, 9, 65535)
    }


def alphas() -> dict[str, Whole]:
    alpha = np.ascontiguousarray(GREY.T)
    dark = np.full((16, 16, 1), 40, np.uint8)
    grey = Image.merge("LA", [Image.fromarray(dark[:, :, 0]), Image.fromarray(alpha)])
    colour = Image.merge("RGBA", [Image.fromarray(GREY)] * 3 + [Image.fromarray(alpha)])
    seen = on_white(np.repeat(GREY[:, :, None], 3, axis=2), alpha)
    rgba = np.asarray(colour)
    palette = Image.fromarray(np.array([[0, 1, 2, 3]], np.uint8), "P")
    palette.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120])
    colours = np.array([[[10, 20, 30], [40, 50, 60], [70, 80, 90], [100, 110, 120]]], np.uint8)
    shares = on_white(colours, np.array([[255, 128, 0, 255]]))
    clear = colours.copy()
    clear[0, 1] = 255
    found = {
        "png, LA": Whole(encoded(grey, "PNG"), on_white(dark, alpha), 1),
        "png, RGBA": Whole(encoded(colour, "PNG"), seen, 1),
        "png, RGBA of 16 bits": Whole(png(16, 16, 16, 6, _filtered(np.repeat(rgba, 2, axis=2))), seen, 1),
        "png, LA of 16 bits": Whole(png(16, 16, 16, 4, _filtered(np.repeat(np.asarray(grey), 2, axis=2))), on_white(dark, alpha), 1),
        "png, palette": Whole(encoded(palette, "PNG"), colours),
        "png, palette with a transparent colour": Whole(encoded(palette, "PNG", transparency=1), clear),
        "png, palette with shares of transparency": Whole(encoded(palette, "PNG", transparency=bytes([255, 128, 0])), shares, 1),
        "png, palette of 2 bits": Whole(encoded(palette, "PNG", bits=2), colours),
        "png, a transparent grey": Whole(png(2, 1, 8, 0, b"\0\7\10", before=chunk(b"tRNS", b"\0\7")), np.array([[[255], [8]]], np.uint8)),
        "png, a transparent RGB": Whole(
            png(2, 1, 8, 2, b"\0\1\2\3\4\5\6", before=chunk(b"tRNS", b"\0\1\0\2\0\3")), np.array([[[255] * 3, [4, 5, 6]]], np.uint8)
        ),
        "gif, a transparent colour": Whole(encoded(palette, "GIF", transparency=1), clear),
        "tiff, RGBA": Whole(encoded(colour, "TIFF"), seen, 1),
        "tiff, LA": Whole(encoded(grey, "TIFF"), on_white(dark, alpha), 1),
        "bmp, RGBX whose fourth byte says nothing": Whole(
            bitmap(2, 1, 32, b"\3\2\1\0\6\5\4\0"), np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8)
        ),
    }
    tall = np.random.default_rng(0).integers(0, 256, (2200, 2000, 2), dtype=np.uint8)  # more than a strip of what is laid on white
    found["png, LA of 4.4 million pixels"] = Whole(
        encoded(Image.fromarray(tall, "LA"), "PNG", compress_level=1), on_white(tall[:, :, :1], tall[:, :, 1]), 1
    )
    if "WEBP" in FORMATS:
        found["webp, RGBA"] = Whole(encoded(colour, "WEBP", lossless=True, exact=True), seen, 1)
    return found


def deep() -> dict[str, Whole]:
    little, big = DEEP.astype("<u2").tobytes(), DEEP.astype(">u2").tobytes()
    colour = np.repeat(DEEP[:, :, None], 3, axis=2)
    seen = np.repeat(SCALED, 3, axis=2)
    width = DEEP.shape[1]
    unit = np.array([[0, 0.25, 0.5, 1]], "<f4")
    floats = {"more": [(339, 3, [3])], "bits": (32,)}
    return {
        "png, grey of 16 bits": Whole(png(width, 1, 16, 0, b"\0" + big), SCALED),
        "png, RGB of 16 bits": Whole(png(width, 1, 16, 2, b"\0" + colour.astype(">u2").tobytes()), seen, 1),
        "tiff, grey of 16 bits": Whole(plain_tiff(width, 1, little, bits=(16,)), SCALED),
        "tiff, grey of 16 bits, big-endian": Whole(plain_tiff(width, 1, big, bits=(16,), order=">"), SCALED),
        "tiff, RGB of 16 bits": Whole(plain_tiff(width, 1, colour.astype("<u2").tobytes(), bits=(16,) * 3, photometric=2), seen, 1),
        "tiff, floats from 0 to 1": Whole(plain_tiff(4, 1, unit.tobytes(), **floats), np.array([[[0], [64], [128], [255]]], np.uint8)),
        "tiff, whole numbers of 32 bits": Whole(
            plain_tiff(3, 1, np.array([0, 32896, 65535], "<i4").tobytes(), bits=(32,), more=[(339, 3, [2])]),
            np.array([[[0], [128], [255]]], np.uint8),
        ),
        "png, 1 bit": Whole(png(8, 1, 1, 0, b"\0\xa5"), _bits(0xA5)),
        "png, grey of 2 bits": Whole(png(4, 1, 2, 0, b"\0\x1b"), np.array([[[0], [85], [170], [255]]], np.uint8)),
        "png, grey of 4 bits": Whole(png(2, 1, 4, 0, b"\0\x3f"), np.array([[[51], [255]]], np.uint8)),
        "tiff, 1 bit": Whole(plain_tiff(8, 1, b"\xa5", bits=(1,)), _bits(0xA5)),
        "tiff, 1 bit, white is 0": Whole(plain_tiff(8, 1, b"\xa5", bits=(1,), photometric=0), _bits(0x5A)),
        "tiff, grey, white is 0": Whole(plain_tiff(3, 1, b"\0\x0a\xff", photometric=0), np.array([[[255], [245], [0]]], np.uint8)),
        "bmp, 1 bit": Whole(bitmap(8, 1, 1, b"\xa5\0\0\0", palette=b"\0\0\0\0\xff\xff\xff\0"), _bits(0xA5)),
    }


def animated() -> dict[str, Whole]:
    more = {"save_all": True, "append_images": FRAMES[1:]}
    found = {
        "gif, animated": Whole(encoded(FRAMES[0], "GIF", **more), FIRST),
        "png, animated": Whole(encoded(FRAMES[0], "PNG", **more), FIRST),
        "png, animated behind a picture of its own": Whole(encoded(FRAMES[0], "PNG", default_image=True, **more), FIRST),
        "tiff, pages": Whole(encoded(FRAMES[0], "TIFF", **more), FIRST),
        "tiff, pages of other sizes": Whole(
            encoded(FRAMES[0], "TIFF", save_all=True, append_images=[Image.new("1", (3, 90)), Image.new("L", (500, 2))]), FIRST
        ),
        "jpeg, a second picture behind (MPO)": Whole(encoded(FRAMES[0], "MPO", quality=95, **more), FIRST, 4),
    }
    if "WEBP" in FORMATS:
        found["webp, animated"] = Whole(encoded(FRAMES[0], "WEBP", lossless=True, **more), FIRST)
    if "AVIF" in FORMATS:
        found["avif, animated"] = Whole(encoded(FRAMES[0], "AVIF", quality=95, **more), FIRST, 6)
    return found


def jpegs() -> dict[str, Whole]:
    plain = encoded(COLOUR, "JPEG", quality=95, subsampling=0)
    behind = (b"PK\3\4" + bytes(40), bytes(1000), b"\xff\xd8\xff\xe0" + plain[:200], b"<script>", b"\xff\xda" * 5000)
    ink = np.asarray(COLOUR.convert("CMYK"))
    ycc = 255 - np.asarray(Image.fromarray(ink[:, :, :3]).convert("YCbCr"))  # Pillow writes four channels inverted, as Adobe does
    ycck = encoded(Image.fromarray(np.dstack([ycc, ink[:, :, 3]]), "CMYK"), "JPEG", quality=95, subsampling=0)
    place = ycck.index(b"Adobe") + 11
    return {
        "jpeg, plain": Whole(plain, SMOOTH, 6),
        "jpeg, subsampled": Whole(encoded(COLOUR, "JPEG", quality=95, subsampling=2), SMOOTH, 8),
        "jpeg, grey": Whole(encoded(Image.fromarray(GREY), "JPEG", quality=100), GREY[:, :, None], 2),
        "jpeg, progressive": Whole(encoded(COLOUR, "JPEG", quality=95, subsampling=0, progressive=True), SMOOTH, 6),
        "jpeg, restarts": Whole(encoded(COLOUR, "JPEG", quality=95, subsampling=0, restart_marker_blocks=1), SMOOTH, 6),
        "jpeg, RGB": Whole(encoded(COLOUR, "JPEG", quality=95, keep_rgb=True), SMOOTH, 6),
        "jpeg, CMYK": Whole(encoded(COLOUR.convert("CMYK"), "JPEG", quality=95), SMOOTH, 6),
        "jpeg, YCCK": Whole(ycck[:place] + b"\2" + ycck[place + 1 :], SMOOTH, 6),
        **{f"jpeg, behind it {data[:8]!r}": Whole(plain + data, SMOOTH, 6) for data in behind},
        "jpeg, 13 MB of metadata": Whole(
            after_start(plain, *[segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + bytes(65000))] * 200), SMOOTH, 6
        ),
        "jpeg, a broken colour profile": Whole(after_start(plain, segment(0xE2, b"ICC_PROFILE\0\1\1" + b"\xff" * 200)), SMOOTH, 6),
        "jpeg, half a colour profile": Whole(after_start(plain, segment(0xE2, b"ICC_PROFILE\0\1\2" + bytes(200))), SMOOTH, 6),
        "jpeg, EXIF that points behind itself": Whole(after_start(plain, segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\x7f")), SMOOTH, 6),
        "jpeg, EXIF that points to itself": Whole(
            after_start(plain, segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\1\0\x69\x87\4\0\1\0\0\0\x08\0\0\0\x08\0\0\0")), SMOOTH, 6
        ),
        "jpeg, an orientation that is text": Whole(
            after_start(plain, segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\2\0\2\0\0\0up\0\0\0\0\0\0")), SMOOTH, 6
        ),
        "jpeg, a hundred comments": Whole(after_start(plain, *[segment(0xFE, b"\xff\xd9\xff\xda")] * 100), SMOOTH, 6),
        "jpeg, eight scans": Whole(many_scans(24, 16, 8), np.full((16, 24, 1), 128, np.uint8), 4),
    }


def others() -> dict[str, Whole]:
    plain = encoded(COLOUR, "PNG")
    start = 8 + 25  # the signature and IHDR
    text = chunk(b"tEXt", b"Comment\0" + b"x" * 4_000_000)
    profile = chunk(b"iCCP", b"broken\0\0" + b"no zlib at all")
    rows = _filtered(SMOOTH)
    tiled = {322: [16], 323: [16], 324: [8, 264], 325: [256, 256]}
    left, right = np.zeros((16, 16), np.uint8), np.full((16, 16), 200, np.uint8)
    planes = SMOOTH.transpose(2, 0, 1)
    four = np.array([[0, 1], [2, 3]], np.uint8)
    fours = four[:, :, None] * np.array([50, 60, 70], np.uint8)
    colours = b"".join(bytes([70 * i, 60 * i, 50 * i, 0]) for i in range(4))
    return {
        "png, plain": Whole(plain, SMOOTH),
        "png, interlaced": Whole(png(16, 16, 8, 0, adam7(GREY), interlaced=1), GREY[:, :, None]),
        "png, in many chunks": Whole(_split(plain, start), SMOOTH),
        "png, 4 MB of text": Whole(plain[:start] + text + plain[start:], SMOOTH),
        "png, a broken colour profile": Whole(plain[:start] + profile + plain[start:], SMOOTH),
        "png, behind it a web page": Whole(plain + b"<html><script>", SMOOTH),
        "png, more pixels than rows": Whole(png(24, 16, 8, 2, rows + bytes(10_000_000)), SMOOTH),
        "png, a chunk nobody knows": Whole(plain[:start] + chunk(b"abCd", b"?" * 99) + plain[start:], SMOOTH),
        "png, broken EXIF": Whole(plain[:start] + chunk(b"eXIf", b"MM\0*\xff\xff\xff\xff") + plain[start:], SMOOTH),
        "gif, plain": Whole(encoded(COLOUR.quantize(200), "GIF"), np.asarray(COLOUR.quantize(200).convert("RGB"))),
        "gif, interlaced": Whole(encoded(Image.fromarray(GREY), "GIF", interlace=True), GREY[:, :, None]),
        "gif, a frame in the middle of black": Whole(gif((4, 4), (1, 1, 2, 2), CODES), MIDDLE),
        "gif, behind it a script": Whole(encoded(FRAMES[0], "GIF") + b"/*<script>*/", FIRST),
        "gif, a comment that is a script": Whole(encoded(FRAMES[0], "GIF", comment=b"*/=1;alert(1)//" * 30), FIRST),
        "bmp, plain": Whole(encoded(COLOUR, "BMP"), SMOOTH),
        "bmp, from the top": Whole(bitmap(2, -2, 8, b"\0\1\0\0\2\3\0\0", palette=colours), fours),
        "bmp, from the bottom": Whole(bitmap(2, 2, 8, b"\2\3\0\0\0\1\0\0", palette=colours), fours),
        "bmp, run lengths": Whole(bitmap(2, 2, 8, b"\1\2\1\3\0\0\1\0\1\1\0\1", palette=colours, compression=1), fours),
        "bmp, 16 bits": Whole(bitmap(2, 1, 16, struct.pack("<HH", 0x7C00, 0x001F)), np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8)),
        "tiff, plain": Whole(encoded(COLOUR, "TIFF"), SMOOTH),
        **{
            f"tiff, {how}": Whole(encoded(COLOUR, "TIFF", compression=how), SMOOTH, 8 if how == "jpeg" else 0)
            for how in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")
        },
        "tiff, BigTIFF": Whole(encoded(COLOUR, "TIFF", big_tiff=True), SMOOTH),
        "tiff, CMYK": Whole(encoded(COLOUR.convert("CMYK"), "TIFF"), SMOOTH),
        "tiff, palette": Whole(encoded(COLOUR.quantize(200), "TIFF"), np.asarray(COLOUR.quantize(200).convert("RGB"))),
        "tiff, planes": Whole(
            plain_tiff(24, 16, planes.tobytes(), bits=(8,) * 3, photometric=2,
                       more=[(273, 4, [8, 392, 776]), (279, 4, [384] * 3), (284, 3, [2])]), SMOOTH
        ),
        "tiff, tiles": Whole(
            tiff([(256, 4, [32]), (257, 4, [16]), (258, 3, [8]), (259, 3, [1]), (262, 3, [1]), (277, 3, [1]),
                  *((number, 4, values) for number, values in tiled.items())], left.tobytes() + right.tobytes()),
            np.hstack([left, right])[:, :, None],
        ),
        "tiff, 20 MB of metadata": Whole(plain_tiff(2, 1, b"\1\2", more=[(700, 1, bytes(20_000_000))]), np.array([[[1], [2]]], np.uint8)),
    }  # fmt: skip


def thin() -> dict[str, Whole]:
    """One pixel, and strips as long as a cable, in every format that can hold them without loss."""
    found = {}
    for width, height in ((1, 1), (1, 10_000), (10_000, 1)):
        strip = (np.arange(width * height) * 7 % 251).astype(np.uint8).reshape(height, width)
        for kind in ("PNG", "BMP", "TIFF", "GIF"):
            wanted = np.repeat(strip[:, :, None], 3 if kind == "GIF" else 1, axis=2)
            found[f"{kind.lower()}, {width}×{height}"] = Whole(encoded(Image.fromarray(strip), kind), wanted)
        found[f"jpeg, {width}×{height}"] = Whole(
            encoded(Image.new("L", (width, height), 77), "JPEG"), np.full((height, width, 1), 77, np.uint8), 2
        )
    if "WEBP" in FORMATS:
        strip = np.repeat((np.arange(10_000) * 7 % 251).astype(np.uint8)[:, None, None], 3, axis=2)
        found["webp, 1×10000"] = Whole(encoded(Image.fromarray(strip), "WEBP", lossless=True), strip)
    return found


def _filtered(picture: np.ndarray) -> bytes:
    return b"".join(b"\0" + row.tobytes() for row in picture)


def _bits(byte: int) -> np.ndarray:
    return np.unpackbits(np.array([byte], np.uint8))[None, :, None] * np.uint8(255)


def _split(data: bytes, start: int) -> bytes:
    """The PNG with a chunk for every byte of its pixels."""
    length = int.from_bytes(data[start : start + 4], "big")
    pixels = data[start + 8 : start + 8 + length]
    return data[:start] + b"".join(chunk(b"IDAT", bytes([byte])) for byte in pixels) + chunk(b"IEND")


WHOLE = {**oriented(), **alphas(), **deep(), **animated(), **jpegs(), **others(), **thin()}
