"""One decoder for every kind of picture, on top of Pillow: the complete picture, or an error with the reason."""

import os
import stat
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
from PIL import Image, ImageFile

from ..base.errors import UnreadableImage, unknown, wrong
from ..base.text.words import MOST_BANDS
from . import bands, convert, decoder_messages, deep, jpeg, profile, wide
from .bands import Bands
from .deep import PLAIN, Reading
from .kinds import FORMATS, OTHER_SUFFIXES, READERS, kind_of, looks_like, missing_reader

MAX_PIXELS = 64_000_000
JPEG_PIXELS = 4  # times as many may a JPEG have that is decoded at a reduced size; a progressive one needs 6 bytes of memory for each
MIN_SCALED = 8  # px; JPEGs are decoded at 1/8 of their size or more
MAX_METADATA_BYTES = 2**26
ADAM7_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))  # of an interlaced PNG
SUBFILE_TYPE, SUB_IFDS, DNG_VERSION = 254, 330, 50706  # tags of a TIFF
UPRIGHT = {  # EXIF orientation → the transposition that undoes it
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


Opened: TypeAlias = Image.Image | Bands


@dataclass(frozen=True)
class Facts:
    """The header of a picture: size in px as displayed, Pillow's mode, file format, and whether further pages or frames follow."""

    width: int
    height: int
    mode: str
    format: str
    several: bool = False


def decode(
    source: Any,
    *,
    channels: int | None = None,
    min_side: int | None = None,
    formats: Sequence[str] = FORMATS,
    max_pixels: int = MAX_PIXELS,
    name: str | None = None,
    upright: bool = True,
    reading: Reading = PLAIN,
) -> np.ndarray:
    """The picture in `source` (path, bytes, binary file, PIL image or array) as uint8 `(H, W, C)`.

    C is 1 for grey, 3 for RGB, else the number of bands; `channels` forces 1 or 3, or states another number. EXIF orientation is applied
    if `upright`, alpha composed on white unless it is one of 4 `channels`, CMYK and palettes converted, values beyond 8 bits scaled by the
    range of `reading`; an animation is its first frame. With `min_side` a JPEG may be decoded smaller, its short side at least `min_side`
    px; so is one of more than `max_pixels`. Raises UnreadableImage for everything else, called `name` in the message.
    """
    if channels is not None and not 1 <= channels <= MOST_BANDS:
        raise wrong("channels", f"1, 3, another number of bands up to {MOST_BANDS}, or None", channels)
    name = name or source_name(source)
    if _is_array(source):
        return convert.from_array(source, channels, name, reading)
    with _opened(source, formats, max_pixels, name, reading) as image:
        flat = _pixels(image, name, min_side, upright, reading, channels, max_pixels)
    del image  # its memory, before another copy is made
    return convert.finished(flat, channels, name, reading)


def examined(source: Any, reading: Reading = PLAIN, channels: int | None = None) -> tuple[Facts, np.ndarray]:
    """The facts and the complete picture in `source`, opened once; a JPEG is also decoded at a reduced size if that is possible.

    So a check meets every error that a later use at any size could meet. Raises UnreadableImage.
    """
    name = source_name(source)
    if _is_array(source):
        return picture_facts(source), convert.from_array(source, channels, name, reading)
    with _opened(source, FORMATS, MAX_PIXELS, name, reading) as image:
        size, mode, kind, several = image.size, image.mode, image.format or "", _several(image)
        flat = _pixels(image, name, None, True, reading, channels)
        turned = kind != "TIFF" and _orientation(image) in (5, 6, 7, 8)
    facts = Facts(*(size[::-1] if turned else size), mode, kind, several)
    if kind == "JPEG" and min(size) >= 2 * MIN_SCALED:
        decode(source, min_side=max(MIN_SCALED, min(size) // MIN_SCALED))
    return facts, convert.finished(flat, channels, name, reading)


def stored(source: Any) -> np.ndarray | None:
    """The values of a picture beyond 8 bits as they are stored, `(H, W)` or `(H, W, C)`, None for one of at most 8 bits.

    Raises UnreadableImage.
    """
    name = source_name(source)
    if _is_array(source):
        return None if np.asarray(source).dtype == np.uint8 else np.asarray(source)
    with _opened(source, FORMATS, MAX_PIXELS, name, PLAIN) as image:
        if isinstance(image, Bands):
            return None if image.mode.endswith("×uint8") else image.array()
        values = wide.values(image, image.fp) if isinstance(image, ImageFile.ImageFile) and image.fp else None
        if values is not None:  # without transparency, which has a range of its own
            return values[:, :, : values.shape[2] - (values.shape[2] in (2, 4))]
        return deep.values(image)


def _pixels(
    image: Opened, name: str, min_side: int | None, upright: bool, reading: Reading, channels: int | None = None, most: int = MAX_PIXELS
) -> Image.Image | np.ndarray:
    """The pixels of an opened picture, grey or RGB; an array of bands, or from the faster decoder, which only reads upright pictures."""
    if isinstance(image, Bands):
        return image.array()
    file = None
    if isinstance(image, ImageFile.ImageFile):
        file = image.fp
        # a whole row at once: Pillow assembles a row from blocks in quadratic time
        image.decodermaxblock = max(image.decodermaxblock, 8 * image.width)
    if image.format == "JPEG" and file and isinstance(image, ImageFile.ImageFile):
        data = jpeg.whole(file, image.width * image.height / MAX_PIXELS)
        if jpeg.scalable(data):
            _draft(image, min_side, most)
            own = reading.version > 1 and profile.foreign(image)
            if not own and _orientation(image) not in UPRIGHT and (pixels := jpeg.quickly(image, data)) is not None:
                return pixels
        _limit(image, most, name)
    values = wide.values(image, file) if file and reading.version > 1 else None  # type: ignore[arg-type]
    image.load()
    if image.format == "PNG" and file:
        _require_rows(image, file)
    flat = convert.flat(image if values is None else wide.eight_bits(image, values, reading, name), name, reading, channels)
    turn = _orientation(image) if upright else 1
    if isinstance(flat, np.ndarray):
        return np.asarray(_turned(flat, turn)) if turn in UPRIGHT else flat
    return flat.transpose(UPRIGHT[turn]) if turn in UPRIGHT else flat


def _turned(picture: np.ndarray, turn: int) -> np.ndarray:
    """The bands of a picture, each transposed as its orientation says."""
    return np.stack([np.asarray(Image.fromarray(band).transpose(UPRIGHT[turn])) for band in np.moveaxis(picture, 2, 0)], axis=2)


def _draft(image: ImageFile.ImageFile, min_side: int | None, most: int) -> None:
    """Have a JPEG decoded smaller: as far as `min_side` allows, and at most `most` px."""
    width, height = image.size
    if min_side:
        image.draft(None, (min_side, min_side))  # halved only while both sides stay at least this long
    elif width * height > most:
        halvings = next(n for n in (1, 2, 3) if n == 3 or width * height <= most * 4**n)
        image.draft(None, (-(-width // 2**halvings), -(-height // 2**halvings)))


def picture_facts(source: Any, *, formats: Sequence[str] = FORMATS, max_pixels: int = MAX_PIXELS) -> Facts:
    """Size, mode and format, from the header alone where it has the orientation (all formats but PNG); raises UnreadableImage."""
    name = source_name(source)
    if _is_array(source):
        values = np.asarray(source)
        if values.ndim not in (2, 3):
            convert.from_array(values, None, name, PLAIN)  # raises
        bands_ = values.shape[2] if values.ndim == 3 else 1
        mode = {1: "L", 3: "RGB", 4: "RGBA"}.get(bands_, f"{bands_}×{values.dtype}")
        return Facts(values.shape[1], values.shape[0], mode if values.dtype == np.uint8 else f"{bands_}×{values.dtype}", "array")
    with _opened(source, formats, max_pixels, name, PLAIN) as image:
        if isinstance(image, Image.Image) and image.format == "PNG":
            image.load()  # the EXIF may come after the pixels
        turned = image.format != "TIFF" and _orientation(image) in (5, 6, 7, 8)  # Pillow has already transposed the size of a TIFF
        width, height = image.size[::-1] if turned else image.size
        return Facts(width, height, image.mode, image.format or "", _several(image))


def stored_pixels(data: bytes, *, formats: Sequence[str] = FORMATS, max_pixels: int = MAX_PIXELS) -> int:
    """The number of pixels of an encoded picture, from its header; none is decoded. Raises UnreadableImage as `decode` does."""
    with _opened(data, formats, max_pixels, source_name(data), PLAIN) as image:
        width, height = image.size
    return int(width * height)


def source_name(source: Any) -> str:
    """The name of `source` in a message."""
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    if isinstance(source, (bytes, bytearray)):
        return f"<{len(source)} bytes>"
    return str(getattr(source, "name", None) or getattr(source, "filename", None) or f"<{type(source).__name__}>")


@contextmanager
def _opened(source: Any, formats: Sequence[str], max_pixels: int, name: str, reading: Reading) -> Iterator[Opened]:
    """The picture with its header read and its size within the limit; any exception inside becomes UnreadableImage."""
    for kind in formats:
        if kind not in FORMATS:
            raise unknown("picture format", kind, FORMATS)
    kind = ""
    try:
        if isinstance(source, ImageFile.ImageFile):
            source = wide.unread(source) or source
        if isinstance(source, Image.Image):
            _limit(source, max_pixels, name)
            with decoder_messages.no_warnings, decoder_messages.no_libtiff_messages if source.format == "TIFF" else nullcontext():
                copy = source.copy()  # the caller's picture must not change
                copy.format = source.format
                yield copy
            return
        with decoder_messages.no_warnings, _stream(source, name) as stream:
            kind = _kind(stream, formats, name)
            if (size := stream.seek(0, os.SEEK_END)) > (most := 8 * max_pixels + MAX_METADATA_BYTES):
                raise UnreadableImage(name, f"it has {size:,} bytes; the limit is {most:,}")
            stream.seek(0)
            reader = bands.TiffBands if kind == "TIFF" and reading.version > 1 and bands.many(stream) else READERS[kind][1]
            with decoder_messages.no_libtiff_messages if kind == "TIFF" else nullcontext(), reader(stream) as image:
                _limit(image, max_pixels * (JPEG_PIXELS if kind == "JPEG" else 1), name)
                if kind == "TIFF":
                    _refuse_raw(image, name)
                yield image
    except UnreadableImage:
        raise
    except Exception as error:  # Pillow raises a dozen kinds of exceptions on broken files, some by accident
        raise UnreadableImage(name, _reason(error, kind)) from error


def _stream(source: Any, name: str) -> Any:
    if isinstance(source, (str, os.PathLike)):
        status = Path(source).stat()
        if stat.S_ISDIR(status.st_mode):
            raise UnreadableImage(name, "it is a folder")
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would hang
            raise UnreadableImage(name, "it is not a regular file")
        return open(source, "rb")
    if isinstance(source, (bytes, bytearray)):
        return BytesIO(source)
    if not hasattr(source, "read"):
        raise UnreadableImage(name, f"a picture is a path, bytes, a binary file, a PIL image or a uint8 array, not {type(source).__name__}")
    if hasattr(source, "seekable") and source.seekable():
        return nullcontext(source)  # closed by the caller
    return BytesIO(source.read())


def _kind(stream: IO[bytes], formats: Sequence[str], name: str) -> str:
    stream.seek(0)
    head = stream.read(512)
    stream.seek(0)
    if not isinstance(head, bytes):
        raise UnreadableImage(name, "the file is open as text; open it as binary")
    if not head:
        raise UnreadableImage(name, "it is empty (0 bytes)")
    if kind := kind_of(head):
        if lacking := missing_reader(kind):
            raise UnreadableImage(name, lacking)
        if kind in formats:
            return kind
        raise UnreadableImage(name, f"it is {kind}, and only {', '.join(formats)} may be read here")
    looks = looks_like(head, os.path.splitext(name)[1])
    raise UnreadableImage(name, f"it is not a picture in {', '.join(formats)}{f'; it looks like {looks}' if looks else ''}")


def _limit(image: Opened, max_pixels: int, name: str) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise UnreadableImage(name, f"{width}×{height} is {width * height:,} px; the limit is {max_pixels:,}")
    if not width * height:
        raise UnreadableImage(name, "it has no pixels")
    if isinstance(image, Bands):
        if not 1 <= image.bands <= MOST_BANDS:
            raise UnreadableImage(name, f"it has {image.bands:,} bands; up to {MOST_BANDS} are read")
        if (values := width * height * image.bands) > 4 * max_pixels:
            raise UnreadableImage(name, f"{width}×{height} in {image.bands} bands are {values:,} values; the limit is {4 * max_pixels:,}")


def _refuse_raw(image: Opened, name: str) -> None:
    """Raise UnreadableImage for a camera's raw file, a TIFF whose first picture is a thumbnail next to the sensor's values."""
    tags = getattr(image, "tag_v2", {})
    reduced = tags.get(SUBFILE_TYPE, 0)
    if DNG_VERSION in tags or (isinstance(reduced, int) and reduced & 1 and SUB_IFDS in tags):
        raise UnreadableImage(name, f"it is {'; '.join(OTHER_SUFFIXES['.dng'])}")


def _require_rows(image: Image.Image, file: IO[bytes]) -> None:
    """Raise EOFError for a PNG whose pixel data end early; Pillow accepts it and leaves the last rows 0."""
    if any(image.crop((0, max(0, image.height - 2), *image.size)).tobytes()):
        return
    file.seek(16)
    width, height, depth, colour, interlaced = struct.unpack(">IIBBxxB", file.read(13))
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    parts = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in (ADAM7_PASSES if interlaced else ((0, 0, 1, 1),))]
    wanted = sum(rows * (1 + -(-columns * bits // 8)) for columns, rows in parts if columns)
    file.seek(4, os.SEEK_CUR)
    inflater = zlib.decompressobj()
    while len(head := file.read(8)) == 8 and wanted > 0:
        data = file.read(int.from_bytes(head[:4], "big")) if head[4:] == b"IDAT" else b""
        file.seek(4 if data else int.from_bytes(head[:4], "big") + 4, os.SEEK_CUR)
        while data and wanted > 0:
            wanted -= len(inflater.decompress(data, 2**20))
            data = inflater.unconsumed_tail
    if wanted > 0:
        raise EOFError("truncated: rows are missing")


def _several(image: Opened) -> bool:
    """Whether further pages of a TIFF or frames of an animation follow the one that is read."""
    try:
        return bool(getattr(image, "is_animated", False))
    except Exception:  # GIF: what follows is damaged, and not read
        return False


def _orientation(image: Opened) -> int:
    if isinstance(image, Bands):
        return 1
    try:
        return int(image.getexif().get(0x0112, 1))
    except Exception:  # unreadable metadata: viewers show the pixels untransposed
        return 1


def _is_array(source: Any) -> bool:
    return hasattr(source, "__array__") and not isinstance(source, Image.Image)


def _reason(error: Exception, kind: str) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, PermissionError):
        return "permission denied"
    if isinstance(error, MemoryError):
        return "it does not fit into memory"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if error.args and isinstance(error.args[0], Exception):  # as Pillow wraps a missing or wrong entry of a table
        error = error.args[0]
    text = " ".join(str(error)[:200].split())  # a broken tag can be quoted whole
    if "12-bit layers" in text:
        return "it is a JPEG of 12 bits a value, where those of 8 are read; save it as PNG or TIFF of 16 bits"
    if not text or isinstance(error, LookupError):
        text = f"{type(error).__name__} {text}".strip()
    return f"{kind}, cut off or damaged: {text}" if kind else text
