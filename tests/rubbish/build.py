"""Picture files put together by hand, for what no writer would write: each builder takes the fields as they stand in the file."""

import struct
import zlib
from collections.abc import Iterable
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

SIZES = {1: 1, 2: 1, 3: 2, 4: 4}  # TIFF's types → bytes


def encoded(image: Image.Image, format: str, **options: Any) -> bytes:
    stream = BytesIO()
    image.copy().save(stream, format=format, **options)  # a copy: Pillow's writers leave settings in a picture
    return stream.getvalue()


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *, before: bytes = b"", interlaced: int = 0) -> bytes:
    """`rows` with their filter bytes; `before` are chunks to put in front of the pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))
    return b"\x89PNG\r\n\x1a\n" + header + before + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND")


def adam7(picture: np.ndarray) -> bytes:
    """The rows of a grey picture in the seven passes of an interlaced PNG."""
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    parts = (picture[top::down, left::right] for top, left, down, right in passes)
    return b"".join(b"\0" + row.tobytes() for part in parts if part.size for row in part)


def segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def after_start(jpeg: bytes, *segments: bytes) -> bytes:
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def sof(jpeg: bytes, *, marker: int | None = None, precision: int | None = None, size: tuple[int, int] | None = None) -> bytes:
    """The JPEG with its start of frame changed; size is (width, height)."""
    data = bytearray(jpeg)
    place = next(i for i in range(len(data)) if data[i] == 0xFF and data[i + 1] in (0xC0, 0xC2))
    if marker is not None:
        data[place + 1] = marker
    if precision is not None:
        data[place + 4] = precision
    if size is not None:
        data[place + 5 : place + 9] = struct.pack(">HH", size[1], size[0])
    return bytes(data)


def many_scans(width: int, height: int, scans: int) -> bytes:
    """A grey progressive JPEG that says `scans` times, in 15 bits for 16,384 blocks, that there is nothing to add."""
    blocks = -(-width // 8) * -(-height // 8)
    start = segment(0xDB, b"\0" + bytes([1]) * 64) + segment(0xC2, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0")
    tables = segment(0xC4, b"\0" + bytes([1] + [0] * 15) + b"\0") + segment(0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\xe0")
    first = segment(0xDA, b"\1\1\0\0\0\0") + bytes(-(-blocks // 8))
    again = segment(0xDA, b"\1\1\0\1\x3f\0") + bytes(-(-15 * -(-blocks // 16384) // 8))
    return b"\xff\xd8" + start + tables + first + again * scans + b"\xff\xd9"


def gif(screen: tuple[int, int], frame: tuple[int, int, int, int], data: bytes) -> bytes:
    """One frame (left, top, width, height) of a black and white GIF; `data` are LZW codes for two-bit values."""
    start = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return start + b"," + struct.pack("<HHHHB", *frame, 0) + b"\2" + bytes([len(data)]) + data + b"\0;"


def bmp(width: int, height: int, bits: int, pixels: bytes, *, palette: bytes = b"", compression: int = 0) -> bytes:
    start = 54 + len(palette)
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(pixels), 0, 0, len(palette) // 4, 0)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + info + palette + pixels


def tiff(tags: Iterable[tuple[int, int, list[int] | bytes]], pixels: bytes = b"", *, order: str = "<") -> bytes:
    """Tags as (number, type, values), the pixels from byte 8 on; values may be raw bytes."""
    rows, extra = [], b""
    tags = list(tags)
    after = 8 + len(pixels) + 2 + 12 * len(tags) + 4
    for number, kind, values in tags:
        raw = values if isinstance(values, bytes) else struct.pack(f"{order}{len(values)}{'BHI'[kind // 2]}", *values)
        count = len(raw) // SIZES[kind]
        if len(raw) > 4:
            field, extra = struct.pack(f"{order}I", after + len(extra)), extra + raw
        else:
            field = raw.ljust(4, b"\0")
        rows.append(struct.pack(f"{order}HHI", number, kind, count) + field)
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8 + len(pixels))
    return start + pixels + struct.pack(f"{order}H", len(rows)) + b"".join(rows) + struct.pack(f"{order}I", 0) + extra


def plain_tiff(
    width: int, height: int, pixels: bytes, *, bits: tuple[int, ...] = (8,), photometric: int = 1, order: str = "<", more: Any = ()
) -> bytes:
    """An uncompressed TIFF of one strip; `more` are tags to add or to replace."""
    tags = {
        256: (4, [width]), 257: (4, [height]), 258: (3, list(bits)), 259: (3, [1]), 262: (3, [photometric]),
        273: (4, [8]), 277: (3, [len(bits)]), 278: (4, [height]), 279: (4, [len(pixels)]),
    }  # fmt: skip
    tags |= {number: (kind, values) for number, kind, values in more}
    return tiff([(number, *tags[number]) for number in sorted(tags)], pixels, order=order)


def webp(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP" + b"".join(kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def patched(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data
    return data.replace(old, new)
