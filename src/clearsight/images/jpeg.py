"""JPEG beyond Pillow: whether the file is complete, its coding process, and an optional faster decoder for common ones."""

import re
from collections.abc import Iterator
from typing import IO

import numpy as np
import PIL
from PIL import ImageFile, features

try:
    import simplejpeg
except ImportError:  # the extra `fast`
    simplejpeg = None

MAX_SCANS = 100  # encoders write up to a dozen; each costs a pass over all pixels and may have only 30 bytes
MARKER = re.compile(rb"\xff+([^\0\1\xd0-\xd8\xff])")  # within a scan 0xff is followed by 0x00 or a restart marker
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # the frame markers, one for each coding process
# Baseline, extended and progressive with Huffman codes. The others are only decoded at full size: libjpeg accepts a scale for lossless
# ones, writes them at full size, and so past the end of its caller's buffer
SCALABLE = frozenset((0xC0, 0xC1, 0xC2))


def whole(file: IO[bytes], size: float = 1) -> bytes:
    """The bytes of a complete JPEG file whose header has been read.

    A truncated download filled with zeros decodes to a picture with a grey end; only the missing end marker reveals it.
    Raises EOFError without an end marker, ValueError for more than `MAX_SCANS` scans, fewer in a picture of `size` above 1.
    """
    start = file.tell()
    file.seek(0)
    data = file.read()
    if data.rfind(b"\xff\xd9", start) < 0:
        raise EOFError("truncated: the end marker is missing")
    values = np.frombuffer(data, np.uint8, offset=start)
    begun = np.count_nonzero((values[:-1] == 0xFF) & (values[1:] == 0xDA))  # several times as fast as `bytes.count`
    most = int(MAX_SCANS / max(1, size))
    if begun >= most and (scans := 1 + sum(marker == 0xDA for marker, _ in _markers(data, start))) > most:
        raise ValueError(f"it has {scans:,} scans; the limit is {most}")
    return data


def scalable(data: bytes) -> bool:
    """Whether a JPEG can be decoded at a reduced size: all frames before its first scan have a suitable coding process."""
    frames = [marker for marker, _ in _header(data) if marker in FRAMES]
    return bool(frames) and SCALABLE.issuperset(frames)


def decoder() -> str:
    """The libraries that decoded pixels depend on, with their versions."""
    quick = f", simplejpeg {simplejpeg.__version__}" if simplejpeg else ""
    return f"Pillow {PIL.__version__}, LittleCMS {features.version('littlecms2')}, libjpeg-turbo {features.version('libjpeg_turbo')}{quick}"


def components(data: bytes) -> int:
    """The channels of a JPEG by its last frame before the first scan, as in Pillow; 0 if `data` end before that scan."""
    found = 0
    for marker, place in _header(data):
        if marker == 0xDA:
            return found
        if marker in FRAMES and place + 8 <= len(data):
            found = data[place + 7]
    return 0


def quickly(image: ImageFile.ImageFile, data: bytes) -> np.ndarray | None:
    """The pixels of a scalable, upright JPEG, decoded by the optional simplejpeg; None without it, or if it rejects the file.

    Pillow then decodes the file, or reports the error.
    """
    if simplejpeg is None or image.mode not in ("L", "RGB"):
        return None
    (width, height), scale = image.size, (*image.decoderconfig, 1)[0]
    colours = "GRAY" if image.mode == "L" else "RGB"
    try:
        pixels: np.ndarray = simplejpeg.decode_jpeg(data, colours, min_height=height, min_width=width, min_factor=scale, strict=True)
    except ValueError:
        return None
    return pixels if pixels.shape[:2] == (height, width) else None


def _header(data: bytes) -> Iterator[tuple[int, int]]:
    """The markers up to and including the first scan."""
    for marker, place in _markers(data, 2):
        yield marker, place
        if marker == 0xDA:
            return


def _markers(data: bytes, place: int) -> Iterator[tuple[int, int]]:
    """The markers from `place` up to the end marker, as libjpeg finds them, and the offsets of their segments.

    Data after the end marker, such as a video, are ignored.
    """
    while (marker := MARKER.search(data, place)) and marker[1] != b"\xd9":
        yield marker[1][0], marker.end()
        place = marker.end() + max(2, int.from_bytes(data[marker.end() : marker.end() + 2], "big"))
