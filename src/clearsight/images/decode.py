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
from typing import IO, Any

import numpy as np
from PIL import Image, ImageFile

from ..base.errors import UnreadableImage, unknown, wrong
from . import decoder_messages, jpeg
from .kinds import FORMATS, OTHER_SUFFIXES, READERS, kind_of, looks_like, missing_reader

MAX_PIXELS = 64_000_000
MIN_SCALED = 8  # px; JPEGs are decoded at 1/8 of their size or more
MAX_METADATA_BYTES = 2**26
ADAM7_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))  # of an interlaced PNG
SUBFILE_TYPE, SUB_IFDS, DNG_VERSION = 254, 330, 50706  # tags of a TIFF
WHITES = (1, 255, 65535)
UPRIGHT = {  # EXIF orientation → the transposition that undoes it
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Facts:
    """The header of a picture: size in px as displayed, Pillow's mode, file format."""

    width: int
    height: int
    mode: str
    format: str


def decode(
    source: Any,
    *,
    channels: int | None = None,
    min_side: int | None = None,
    formats: Sequence[str] = FORMATS,
    max_pixels: int = MAX_PIXELS,
    name: str | None = None,
    upright: bool = True,
) -> np.ndarray:
    """The picture in `source` (path, bytes, binary file, PIL image or uint8 array) as uint8 `(H, W, C)`.

    C is 1 for grey and 3 for RGB; `channels` forces either. EXIF orientation is applied if `upright`, alpha composed on white, 16-bit
    values scaled, CMYK and palettes converted; an animation is its first frame. 32-bit and float grey is scaled by the
    smallest usual white (1 for floats, 255, 65535) that no pixel exceeds. With `min_side` a JPEG may be decoded smaller, its
    short side at least `min_side` px. Raises UnreadableImage for everything else, called `name` in the message.
    """
    if channels not in (None, 1, 3):
        raise wrong("channels", "1, 3 or None", channels)
    name = name or source_name(source)
    if _is_array(source):
        return _from_array(source, channels, name)
    with _opened(source, formats, max_pixels, name) as image:
        flat = _pixels(image, name, min_side, upright)
    del image  # its memory, before another copy is made
    return _finished(flat, channels, name)


def examined(source: Any) -> tuple[Facts, np.ndarray]:
    """The facts and the complete picture in `source`, opened once; a JPEG is also decoded at a reduced size if that is possible.

    So a check meets every error that a later use at any size could meet. Raises UnreadableImage.
    """
    name = source_name(source)
    if _is_array(source):
        return picture_facts(source), _from_array(source, None, name)
    with _opened(source, FORMATS, MAX_PIXELS, name) as image:
        size, mode, kind = image.size, image.mode, image.format or ""
        flat = _pixels(image, name, None, True)
        turned = kind != "TIFF" and _orientation(image) in (5, 6, 7, 8)
    facts = Facts(*(size[::-1] if turned else size), mode, kind)
    if kind == "JPEG" and min(size) >= 2 * MIN_SCALED:
        decode(source, min_side=max(MIN_SCALED, min(size) // MIN_SCALED))
    return facts, _finished(flat, None, name)


def _pixels(image: Image.Image, name: str, min_side: int | None, upright: bool) -> Image.Image | np.ndarray:
    """The pixels of an opened picture, grey or RGB; an array from the faster decoder, which only reads upright pictures."""
    file = None
    if isinstance(image, ImageFile.ImageFile):
        file = image.fp
        # a whole row at once: Pillow assembles a row from blocks in quadratic time
        image.decodermaxblock = max(image.decodermaxblock, 8 * image.width)
    if image.format == "JPEG" and file and isinstance(image, ImageFile.ImageFile):
        data = jpeg.whole(file)
        if jpeg.scalable(data):
            if min_side:
                image.draft(None, (min_side, min_side))  # halved only while both sides stay at least this long
            if _orientation(image) not in UPRIGHT and (pixels := jpeg.quickly(image, data)) is not None:
                return pixels
    image.load()
    if image.format == "PNG" and file:
        _require_rows(image, file)
    flat = _flat(image, name)
    turn = _orientation(image) if upright else 1
    return flat.transpose(UPRIGHT[turn]) if turn in UPRIGHT else flat


def _finished(flat: Image.Image | np.ndarray, channels: int | None, name: str) -> np.ndarray:
    if isinstance(flat, np.ndarray):
        return _from_array(flat, channels, name)
    try:
        return _with_channels(flat, channels)
    except MemoryError as error:
        raise UnreadableImage(name, _reason(error, "")) from error


def picture_facts(source: Any, *, formats: Sequence[str] = FORMATS, max_pixels: int = MAX_PIXELS) -> Facts:
    """Size, mode and format, from the header alone where it has the orientation (all formats but PNG); raises UnreadableImage."""
    name = source_name(source)
    if _is_array(source):
        picture = _from_array(source, None, name)
        return Facts(picture.shape[1], picture.shape[0], "L" if picture.shape[2] == 1 else "RGB", "array")
    with _opened(source, formats, max_pixels, name) as image:
        if image.format == "PNG":
            image.load()  # the EXIF may come after the pixels
        turned = image.format != "TIFF" and _orientation(image) in (5, 6, 7, 8)  # Pillow has already transposed the size of a TIFF
        width, height = image.size[::-1] if turned else image.size
        return Facts(width, height, image.mode, image.format or "")


def source_name(source: Any) -> str:
    """The name of `source` in a message."""
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    if isinstance(source, (bytes, bytearray)):
        return f"<{len(source)} bytes>"
    return str(getattr(source, "name", None) or getattr(source, "filename", None) or f"<{type(source).__name__}>")


@contextmanager
def _opened(source: Any, formats: Sequence[str], max_pixels: int, name: str) -> Iterator[Image.Image]:
    """The picture with its header read and its size within the limit; any exception inside becomes UnreadableImage."""
    for kind in formats:
        if kind not in FORMATS:
            raise unknown("picture format", kind, FORMATS)
    kind = ""
    try:
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
            with decoder_messages.no_libtiff_messages if kind == "TIFF" else nullcontext(), READERS[kind][1](stream) as image:
                _limit(image, max_pixels, name)
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


def _limit(image: Image.Image, max_pixels: int, name: str) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise UnreadableImage(name, f"{width}×{height} is {width * height:,} px; the limit is {max_pixels:,}")
    if not width * height:
        raise UnreadableImage(name, "it has no pixels")


def _refuse_raw(image: Image.Image, name: str) -> None:
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


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(0x0112, 1))
    except Exception:  # unreadable metadata: viewers show the pixels untransposed
        return 1


def _flat(image: Image.Image, name: str) -> Image.Image:
    """The picture in mode L or RGB, converted by value, transparency on white."""
    if image.mode.startswith("I") or image.mode == "F":
        return _from_deep(image, name)
    grey = image.mode in ("1", "L", "LA", "La")
    if image.mode == "La":
        image = image.convert("LA")
    mode = "L" if grey else "RGB"
    return _on_white(image, mode) if image.has_transparency_data else _in_mode(image, mode)


def _on_white(image: Image.Image, mode: str) -> Image.Image:
    """The picture on white, in strips of 4 million pixels: four copies of a large picture could exceed the memory."""
    flat = Image.new(mode, image.size)
    rows = max(1, 2**22 // image.width)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height))).convert("RGBA")
        white = Image.new("RGBA", strip.size, (255, 255, 255, 255))
        flat.paste(Image.alpha_composite(white, strip).convert(mode), (0, top))
    return flat


def _in_mode(image: Image.Image, mode: str) -> Image.Image:
    return image if image.mode == mode else image.convert(mode)


def _from_deep(image: Image.Image, name: str) -> Image.Image:
    values = np.asarray(image)
    clear = values == image.info["transparency"] if isinstance(image.info.get("transparency"), int) else None
    if image.mode.startswith("I;16"):
        white = 65535
    else:
        least, most = values.min(), values.max()
        whites = [white for white in WHITES if most <= white and not (white == 1 and image.mode == "I")]
        if not (least >= 0 and whites):
            raise UnreadableImage(name, f"its values go from {least:g} to {most:g}, which has no usual white; store it in 8 or 16 bits")
        white = whites[0]
    scaled = np.multiply(values, 255 / white, dtype=np.float32)  # exact for 16 bits; float64 would need twice the memory
    scaled = np.rint(scaled, out=scaled).astype(np.uint8)
    return Image.fromarray(scaled if clear is None else np.where(clear, np.uint8(255), scaled))


def _with_channels(image: Image.Image, channels: int | None) -> np.ndarray:
    if channels:
        image = _in_mode(image, "L" if channels == 1 else "RGB")
    picture = np.array(image)  # a writable copy
    return picture[:, :, None] if picture.ndim == 2 else picture


def _is_array(source: Any) -> bool:
    return hasattr(source, "__array__") and not isinstance(source, Image.Image)


def _from_array(source: Any, channels: int | None, name: str) -> np.ndarray:
    try:
        array = np.asarray(source)
    except Exception as error:  # a tensor on another device, or one that needs a gradient
        raise UnreadableImage(name, f"no array can be made of it: {error}") from error
    if array.dtype.kind == "u" and array.dtype.itemsize == 2:
        array = np.round(array / 257).astype(np.uint8)
    if array.dtype != np.uint8:
        raise UnreadableImage(name, f"an array must be uint8 (0 to 255), not {array.dtype}; multiply values in [0, 1] by 255 and round")
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or 0 in array.shape:
        raise UnreadableImage(name, f"an array must be (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), not {array.shape}")
    if array.shape[2] == (channels or array.shape[2]) and array.shape[2] != 4:
        return array
    return _with_channels(_flat(Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array), name), channels)


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
    if not text or isinstance(error, LookupError):
        text = f"{type(error).__name__} {text}".strip()
    return f"{kind}, cut off or damaged: {text}" if kind else text
