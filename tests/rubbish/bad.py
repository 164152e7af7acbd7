"""The known classes of files that hold no whole picture: each with what its reason must say."""

import struct
import zlib
from collections.abc import Callable

import numpy as np

from clearsight.images.decode import FORMATS

from .build import after_start, bmp, chunk, encoded, gif, many_scans, patched, plain_tiff, png, segment, sof, tiff, webp
from .odd import COLOUR, GREY, SMOOTH

JPEG = encoded(COLOUR, "JPEG", quality=95)
PNG = encoded(COLOUR, "PNG")
GIF = encoded(COLOUR.quantize(200), "GIF")
LIMIT = "the limit is 64,000,000"


def bombs() -> dict[str, tuple[bytes, str]]:
    """Small files that say they are huge."""
    side = 60_000
    found = {
        "jpeg bomb": (sof(JPEG, size=(65_500, 65_500)), "the limit is 256,000,000"),
        "jpeg bomb, progressive": (sof(encoded(COLOUR, "JPEG", progressive=True), size=(65_500, 65_500)), "the limit is 256,000,000"),
        "jpeg bomb, a thousand scans": (many_scans(8000, 8000, 1000), "scans"),
        "png bomb": (png(side, side, 1, 0, bytes(1_000_000)), LIMIT),
        "png bomb, the largest": (png(2**31 - 1, 2**31 - 1, 8, 6, b""), LIMIT),
        "png bomb, interlaced": (png(side, side, 8, 2, b"", interlaced=1), LIMIT),
        "png bomb, text": (PNG[:33] + chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(3_000_000))) + PNG[33:], "MAX_TEXT_CHUNK"),
        "gif bomb": (gif((65_535, 65_535), (0, 0, 65_535, 65_535), b"\x84\x0b"), LIMIT),
        "gif bomb, the frame": (gif((4, 4), (0, 0, 65_535, 65_535), b"\x84\x0b"), "size"),
        "bmp bomb": (bmp(2**31 - 1, 2**31 - 1, 24, b""), LIMIT),
        "bmp bomb, from the top": (bmp(side, -side, 1, b""), LIMIT),
        "bmp bomb, run lengths": (bmp(side, side, 8, b"\xff\0" * 50, palette=bytes(1024), compression=1), LIMIT),
        "tiff bomb": (plain_tiff(side, side, b"\0"), LIMIT),
        "tiff bomb, packed": (plain_tiff(2**31 - 1, 2**31 - 1, b"\0", more=[(259, 3, [32773])]), LIMIT),
        "tiff bomb, a tile": (_tile(30_000), "TIFF"),
        "tiff bomb, a packed tile": (_tile(13_000, compression=32946), "TIFF"),
    }
    if "WEBP" in FORMATS:
        canvas = struct.pack("<I", 0x10)[:4] + (16_382).to_bytes(3, "little") * 2
        huge = struct.pack("<I", 0x10)[:4] + (2**24 - 1).to_bytes(3, "little") * 2
        lossless = b"\x2f" + struct.pack("<I", 16_383 | 16_383 << 14) + bytes(20)
        found |= {
            "webp bomb": (webp((b"VP8X", canvas), (b"VP8L", lossless)), "WEBP|px"),
            "webp bomb, a canvas of 2⁴⁸ px": (webp((b"VP8X", huge), (b"VP8L", lossless)), "WEBP|px"),
            "webp bomb, lossless": (webp((b"VP8L", lossless)), "WEBP|px"),
            "webp bomb, lossy": (webp((b"VP8 ", b"\x50\0\0\x9d\1\x2a\xff\x3f\xff\x3f" + bytes(40))), "WEBP|px"),
        }
    if "AVIF" in FORMATS:
        avif = encoded(COLOUR, "AVIF")
        size = b"ispe" + bytes(4)
        for side in (16_000, 60_000):
            found[f"avif bomb, {side}"] = (
                patched(avif, size + struct.pack(">II", 24, 16), size + struct.pack(">II", side, side)),
                "AVIF|px",
            )
    return found


def _tile(side: int, compression: int = 1, samples: int = 1) -> bytes:
    photometric, more = (2, {338: [2]}) if samples == 4 else (1, {})
    tags = {256: [10], 257: [10], 258: [16] * samples, 259: [compression], 262: [photometric], 277: [samples]}
    tags |= {322: [side], 323: [side], 324: [8], 325: [4], **more}
    return tiff([(number, 3, tags[number]) for number in sorted(tags)], bytes(4))


def damaged() -> dict[str, tuple[bytes, str]]:
    """What claims to be a picture and is none."""
    pixels = PNG.index(b"IDAT") + 4
    crc = bytearray(PNG)
    crc[pixels + 20] ^= 1
    header = bytearray(PNG)
    header[30] ^= 1
    thumbnail = segment(0xE1, b"Exif\0\0" + encoded(COLOUR.resize((4, 4)), "JPEG"))
    return {
        "jpeg, height 0": (sof(JPEG, size=(24, 0)), "JPEG|no pixels"),
        "jpeg, width 0": (sof(JPEG, size=(0, 16)), "JPEG|no pixels"),
        "jpeg, 12 bits": (sof(JPEG, precision=12), "JPEG"),
        "jpeg, lossless": (sof(JPEG, marker=0xC3), "JPEG"),
        "jpeg, lossless and arithmetic": (sof(JPEG, marker=0xCB), "JPEG"),
        "jpeg, hierarchical": (sof(JPEG, marker=0xC5), "JPEG"),
        "jpeg, JPEG-LS": (sof(JPEG, marker=0xF7), "JPEG"),
        "jpeg, no frame": (b"\xff\xd8\xff\xd9", "JPEG"),
        "jpeg, no scan": (JPEG[: JPEG.index(b"\xff\xda")] + b"\xff\xd9", "JPEG"),
        "jpeg, nothing but a scan": (b"\xff\xd8" + JPEG[JPEG.index(b"\xff\xda") :], "JPEG"),
        "jpeg, no tables": (patched(JPEG, b"\xff\xdb", b"\xff\xfe"), "JPEG"),
        "jpeg, a segment longer than the file": (JPEG[:2] + b"\xff\xe1\xff\xff" + JPEG[2:], "JPEG"),
        "jpeg, cut behind its thumbnail": (after_start(JPEG, thumbnail)[: len(JPEG) - 40 + len(thumbnail)], "truncated"),
        "jpeg, upside down": (JPEG[::-1], "not a picture"),
        "jpeg, behind a line of text": (b"# a picture\n" + JPEG, "not a picture"),
        "png, height 0": (png(24, 0, 8, 0, b""), "PNG|no pixels"),
        "png, width 0": (png(0, 16, 8, 0, bytes(16)), "PNG|no pixels"),
        "png, nothing inside": (png(24, 16, 8, 2, b""), "PNG"),
        "png, rows too few": (png(24, 16, 8, 2, bytes(73 * 15)), "PNG"),
        "png, the check sum of the pixels": (bytes(crc), "PNG"),
        "png, the check sum of the header": (bytes(header), "PNG"),
        "png, a depth there is not": (png(24, 16, 7, 0, bytes(400)), "PNG"),
        "png, a colour there is not": (png(24, 16, 8, 5, bytes(4000)), "PNG"),
        "png, a filter there is not": (png(2, 1, 8, 0, b"\x09\0\0"), "PNG"),
        "png, no header": (PNG[:8] + PNG[33:], "PNG"),
        "png, Windows' line ends": (PNG.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), "PNG|not a picture"),
        "png, Unix' line ends": (PNG.replace(b"\r\n", b"\n"), "not a picture"),
        "png, a chunk of 2 GB": (PNG[:33] + b"\x7f\xff\xff\xfftEXt" + PNG[33:], "PNG"),
        "gif, no frame": (GIF[:6] + struct.pack("<HHBBB", 4, 4, 0, 0, 0) + b";", "GIF"),
        "gif, no screen": (gif((0, 0), (0, 0, 0, 0), b"\x84\x0b"), "GIF|no pixels"),
        "gif, codes that end early": (gif((40, 40), (0, 0, 40, 40), b"\x84\x0b"), "GIF"),
        "bmp, height 0": (bmp(2, 0, 24, b""), "BMP|no pixels"),
        "bmp, width 0": (bmp(0, 2, 24, b""), "BMP|no pixels"),
        "bmp, width below 0": (bmp(-2, 2, 24, bytes(16)), "BMP|px|no pixels"),
        "bmp, 9 bits": (bmp(2, 2, 9, bytes(16)), "BMP"),
        "bmp, a palette of 4 thousand million": (bmp(2, 2, 8, b"\0" * 8, palette=b"")[:46] + b"\xff" * 4 + bytes(60), "BMP"),
        "bmp, a car": (b"BMW is a make of car, and this is a text about it " * 4, "BMP"),
        "tiff, no tags": (b"II*\0\x08\0\0\0\0\0\0\0\0\0", "TIFF"),
        "tiff, tags behind the end": (b"II*\0\xff\xff\xff\x7f", "TIFF"),
        "tiff, height 0": (plain_tiff(4, 0, bytes(4)), "TIFF|no pixels"),
        "tiff, strips behind the end": (plain_tiff(24, 16, bytes(384), more=[(273, 4, [2**31])]), "TIFF"),
        "tiff, rows too few": (plain_tiff(24, 16, bytes(100)), "TIFF"),
        "tiff, 65535 samples": (plain_tiff(4, 1, bytes(4), more=[(277, 3, [65535])]), "it has 65,535 bands"),
        "tiff, a compression there is not": (plain_tiff(2, 1, bytes(2), more=[(259, 3, [4711])]), "TIFF"),
        "tiff, a compression that is a long text": (plain_tiff(2, 1, bytes(2), more=[(259, 2, b"x" * 5000)]), "TIFF"),
        "tiff, values without a white": (
            plain_tiff(2, 1, np.array([-1, 2], "<f4").tobytes(), bits=(32,), more=[(339, 3, [3])]), "those of its type"
        ),
    }  # fmt: skip


def strangers() -> dict[str, tuple[bytes, str]]:
    """Other things under a picture's name."""
    return {
        "nothing": (b"", r"it is empty \(0 bytes\)"),
        "one byte": (b"\xff", "not a picture"),
        "text": (b"see attachment\n", "text"),
        "a web page": (b"\n<!doctype HTML>\n<html><body>404</body></html>", "a web page"),
        "an SVG": (b'<?xml version="1.0"?><svg/>', "SVG"),
        "a pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        "a PDF around a JPEG": (b"%PDF-1.4\n" + JPEG, "a PDF"),
        "a ZIP with a PNG": (b"PK\3\4" + bytes(26) + PNG, "a ZIP archive"),
        "zeros": (bytes(100_000), "not a picture"),
        "a program": (b"\x7fELF\2\1\1" + bytes(50), "not a picture"),
        "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        "Photoshop": (b"8BPS\0\1" + bytes(40), "not a picture"),
        "a pickle": (b"\x80\4cos\nsystem\n(S'touch pwned'\ntR.", "not a picture"),
        "JPEG 2000": (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(40), "JPEG 2000"),
        "a PAM": (b"P7\nWIDTH 1\nHEIGHT 1\n", "not a picture"),
    }


def contents() -> dict[str, Callable[[], bytes]]:
    """What opens and may be either, as long as it is said well: nobody can know what these were meant to be."""
    found = {
        "jpeg, arithmetic": lambda: sof(JPEG, marker=0xC9),
        "jpeg, said to be progressive": lambda: sof(JPEG, marker=0xC2),
        "jpeg, smaller than it was": lambda: sof(JPEG, size=(8, 8)),
        "png, a palette too short": lambda: png(2, 1, 8, 3, b"\0\0\x09", before=chunk(b"PLTE", b"abc")),
        "png, no palette": lambda: png(2, 1, 8, 3, b"\0\0\1"),
        "png, two headers": lambda: PNG[:33] + PNG[8:],
        "png, an animation of no frames": lambda: PNG[:33] + chunk(b"acTL", bytes(8)) + PNG[33:],
        "gif, a script from its seventh byte on": lambda: b"GIF89a/*" + GIF[8:] + b"*/=1;alert(1)",
        "tiff, a tag of 8 GB": lambda: patched(
            plain_tiff(4, 1, bytes(4)), struct.pack("<HHI", 258, 3, 1), struct.pack("<HHI", 258, 3, 2**32 - 1)
        ),
        "tiff, a packed tile of 16-bit RGBA": lambda: _tile(13_000, compression=32946, samples=4),
        "gif, the frame outside": lambda: gif((4, 4), (9, 9, 2, 2), b"\x84\x0b"),
        "tiff, a directory without end": _endless,
        "tiff, the palette missing": lambda: plain_tiff(2, 1, b"\0\1", photometric=3),
        "tiff, Lab": lambda: plain_tiff(1, 1, b"\x80\0\0", bits=(8,) * 3, photometric=8),
        "bmp, the palette missing": lambda: bmp(2, 1, 8, b"\0\1\0\0"),
        "grey of all values in a text's clothes": lambda: b"BM" + GREY.tobytes(),
        "raw pixels": lambda: SMOOTH.tobytes(),
        "bmp, embedded PNG": lambda: bmp(24, 16, 0, PNG, compression=5),
    }
    if "WEBP" in FORMATS:
        found["webp, rows of 67 MB"] = _wide
    return found


def _wide() -> bytes:
    """An animation on a canvas of 2²⁴ × 3 px, in 200 bytes."""
    data = encoded(COLOUR.resize((4, 3)), "WEBP", lossless=True, save_all=True, append_images=[COLOUR.resize((4, 3)).rotate(180)])
    return data[:24] + b"\xff\xff\xff" + data[27:]


def _endless() -> bytes:
    data = plain_tiff(1, 1, b"\x80" * 4)
    place = struct.unpack("<I", data[4:8])[0]
    rows = struct.unpack("<H", data[place : place + 2])[0]
    after = place + 2 + 12 * rows
    return data[:after] + struct.pack("<I", place) + data[after + 4 :]


REFUSED = {**bombs(), **damaged(), **strangers()}
EITHER = contents()
