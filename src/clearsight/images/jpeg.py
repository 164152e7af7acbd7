"""What of a JPEG Pillow does not look at: whether the file is whole, which process coded it, and a faster decoder for the ordinary ones."""

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

MAX_SCANS = 100  # writers make up to a dozen; each costs a pass over all pixels and need not have more than 30 bytes
MARKER = re.compile(rb"\xff+([^\0\1\xd0-\xd8\xff])")  # within a scan 0xff is followed by 0x00 or is a restart
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # the markers of a frame, one for each process of coding
# Baseline, extended and progressive, with Huffman codes. The others are decoded whole or not at all: libjpeg takes a scale for the
# lossless ones, writes them at full size, and so past the end of what its caller had reserved
SCALABLE = frozenset((0xC0, 0xC1, 0xC2))


def whole(file: IO[bytes]) -> bytes:
    """All of a JPEG file, read up to its first scan, that has its end.

    A download cut off and filled with zeros decodes to a picture that ends in grey: only the missing end marker tells.
    Raises EOFError without an end, ValueError for more than `MAX_SCANS` scans.
    """
    start = file.tell()
    file.seek(0)
    data = file.read()
    if data.rfind(b"\xff\xd9", start) < 0:
        raise EOFError("truncated: the end marker is missing")
    values = np.frombuffer(data, np.uint8, offset=start)
    begun = np.count_nonzero((values[:-1] == 0xFF) & (values[1:] == 0xDA))  # several times as fast as bytes.count
    if begun >= MAX_SCANS and (scans := 1 + sum(marker == 0xDA for marker, _ in _markers(data, start))) > MAX_SCANS:
        raise ValueError(f"it has {scans:,} scans; the limit is {MAX_SCANS}")
    return data


def scalable(data: bytes) -> bool:
    """Whether a JPEG may be decoded smaller: every frame before its first scan is of a process whose blocks can be."""
    frames = [marker for marker, _ in _header(data) if marker in FRAMES]
    return bool(frames) and SCALABLE.issuperset(frames)


def decoder() -> str:
    """The libraries that pixels depend on, with their versions."""
    quick = f", simplejpeg {simplejpeg.__version__}" if simplejpeg else ""
    return f"Pillow {PIL.__version__}, libjpeg-turbo {features.version('libjpeg_turbo')}{quick}"


def components(data: bytes) -> int:
    """The channels of a JPEG by its last frame before the first scan, as Pillow reads it; 0 where `data` end before that scan."""
    found = 0
    for marker, place in _header(data):
        if marker == 0xDA:
            return found
        if marker in FRAMES and place + 8 <= len(data):
            found = data[place + 7]
    return 0


def quickly(image: ImageFile.ImageFile, data: bytes) -> np.ndarray | None:
    """The pixels of a scalable, upright JPEG by the optional simplejpeg; None where there is none or it has any objection.

    Then Pillow decides.
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
    """The markers up to the first scan's, that included."""
    for marker, place in _markers(data, 2):
        yield marker, place
        if marker == 0xDA:
            return


def _markers(data: bytes, place: int) -> Iterator[tuple[int, int]]:
    """The markers from `place` up to the end marker, as libjpeg finds them, and where their segments begin.

    What follows the end marker, a film for example, does not count.
    """
    while (marker := MARKER.search(data, place)) and marker[1] != b"\xd9":
        yield marker[1][0], marker.end()
        place = marker.end() + max(2, int.from_bytes(data[marker.end() : marker.end() + 2], "big"))
