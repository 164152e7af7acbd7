"""One decoder for everything that may be a picture, over Pillow: whole pictures or a reason, never something else."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError, features

from ..base.errors import UnreadableImage

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", *(("AVIF",) if features.check("avif") else ()))
SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".mpo")
MAX_PIXELS = 64_000_000  # Pillow's own limit of 179 million stays above any setting of it
GREY = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N", "F")


@dataclass(frozen=True)
class Facts:
    """What a picture's header says: size in px as displayed, Pillow's mode, file format."""

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
) -> np.ndarray:
    """The picture in `source` (path, bytes, binary file, PIL image or uint8 array) as uint8 `(H, W, C)`.

    C is 1 for grey and 3 for RGB, `channels` forces either. EXIF orientation is applied, alpha laid on white, 16-bit
    values scaled, CMYK and palettes converted; of an animation the first frame. With `min_side` a JPEG may come
    smaller, its short side never under `min_side` px. Raises UnreadableImage for everything else.
    """
    name = name or source_name(source)
    if isinstance(source, np.ndarray) or (hasattr(source, "__array__") and not isinstance(source, Image.Image)):
        return _from_array(np.asarray(source), channels, name)
    try:
        with _opened(source, formats, max_pixels) as image:
            if min_side and image.format == "JPEG" and min(image.size) >= 2 * min_side:
                image.draft(None, _scaled(image.size, min_side))
            image.load()
            upright = ImageOps.exif_transpose(image)
            return _with_channels(_by_value(upright), channels)
    except UnreadableImage:
        raise
    except Exception as error:  # Pillow raises at least eight kinds on broken files, some of them by accident
        raise UnreadableImage(name, _reason(error, source)) from error


def picture_facts(source: Any, *, formats: Sequence[str] = FORMATS, max_pixels: int = MAX_PIXELS) -> Facts:
    """Size, mode and format from the header alone; raises UnreadableImage."""
    name = source_name(source)
    if isinstance(source, np.ndarray):
        picture = _from_array(source, None, name)
        return Facts(picture.shape[1], picture.shape[0], "L" if picture.shape[2] == 1 else "RGB", "array")
    try:
        with _opened(source, formats, max_pixels) as image:
            turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
            width, height = image.size[::-1] if turned else image.size
            return Facts(width, height, image.mode, image.format or "")
    except UnreadableImage:
        raise
    except Exception as error:
        raise UnreadableImage(name, _reason(error, source)) from error


def source_name(source: Any) -> str:
    """What to call `source` in a message."""
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    if isinstance(source, bytes):
        return f"<{len(source)} bytes>"
    return str(getattr(source, "name", None) or getattr(source, "filename", None) or f"<{type(source).__name__}>")


def _opened(source: Any, formats: Sequence[str], max_pixels: int) -> Image.Image:
    name = source_name(source)
    if isinstance(source, Image.Image):
        copy = source.copy()
        copy.format = source.format
        _limited(copy, max_pixels, name)
        return copy
    if isinstance(source, (str, os.PathLike)):
        source = _checked(Path(os.fspath(source)), name)
    elif isinstance(source, bytes):
        if not source:
            raise UnreadableImage(name, "it is empty (0 bytes)")
        source = BytesIO(source)
    elif not hasattr(source, "read"):
        raise UnreadableImage(name, f"a picture is a path, bytes, a binary file, a PIL image or a uint8 array, not {type(source).__name__}")
    image = Image.open(source, formats=list(formats))
    try:
        _limited(image, max_pixels, name)
    except UnreadableImage:
        image.close()
        raise
    return image


def _checked(path: Path, name: str) -> Path:
    try:
        status = path.stat()
    except FileNotFoundError:
        raise UnreadableImage(name, "there is no such file") from None
    except (OSError, ValueError) as error:
        raise UnreadableImage(name, getattr(error, "strerror", None) or str(error)) from None
    if stat.S_ISDIR(status.st_mode):
        raise UnreadableImage(name, "it is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableImage(name, "it is not a regular file")
    if status.st_size == 0:
        raise UnreadableImage(name, "it is empty (0 bytes)")
    return path


def _limited(image: Image.Image, max_pixels: int, name: str) -> None:
    pixels = image.size[0] * image.size[1]
    if pixels > max_pixels:
        raise UnreadableImage(name, f"{image.size[0]}×{image.size[1]} is {pixels:,} px; the limit is {max_pixels:,}")
    if pixels == 0:
        raise UnreadableImage(name, "it has no pixels")


def _scaled(size: tuple[int, int], min_side: int) -> tuple[int, int]:
    factor = min_side / min(size)
    return max(1, int(size[0] * factor)), max(1, int(size[1] * factor))


def _by_value(image: Image.Image) -> Image.Image:
    """Mode L or RGB by value, transparency on white."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return _deep(image)
    if image.mode == "P" and "transparency" not in image.info:
        return image.convert("RGB")
    if image.mode in ("LA", "La"):
        white = Image.new("LA", image.size, (255, 255))
        return Image.alpha_composite(white.convert("RGBA"), image.convert("LA").convert("RGBA")).convert("L")
    if image.has_transparency_data:
        grey = image.mode == "L"
        flat = image.convert("RGBA")
        composed = Image.alpha_composite(Image.new("RGBA", image.size, (255, 255, 255, 255)), flat)
        return composed.convert("L" if grey else "RGB")
    if image.mode in ("1", "L"):
        return image.convert("L")
    return image.convert("RGB")


def _deep(image: Image.Image) -> Image.Image:
    """More than 8 bits by value: 16-bit grey by 1/257; 32-bit and float grey, which have no fixed white, from least to most."""
    values = np.asarray(image).astype(np.float64)
    if image.mode.startswith("I;16") or (image.mode == "I" and values.min() >= 0 and 255 < values.max() <= 65535):
        return Image.fromarray(np.round(values / 257).astype(np.uint8))
    if not np.isfinite(values).all():
        raise ValueError("it has pixels that are not numbers")
    if values.min() >= 0 and values.max() <= 255:
        return Image.fromarray(np.round(values).astype(np.uint8))
    low, high = values.min(), values.max()
    return Image.fromarray(np.round((values - low) * (255 / max(high - low, 1e-12))).astype(np.uint8))


def _with_channels(image: Image.Image, channels: int | None) -> np.ndarray:
    if channels not in (None, 1, 3):
        raise ValueError(f"channels must be 1, 3 or None, not {channels}")
    if channels:
        image = image.convert("L" if channels == 1 else "RGB")
    picture = np.array(image)  # a copy of its own, writable
    return picture[:, :, None] if picture.ndim == 2 else picture


def _from_array(array: np.ndarray, channels: int | None, name: str) -> np.ndarray:
    if array.dtype == np.uint16:
        array = np.round(array / 257).astype(np.uint8)
    if array.dtype != np.uint8:
        raise UnreadableImage(name, f"an array must be uint8 (0 to 255), not {array.dtype}; multiply values in [0, 1] by 255 and round")
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or 0 in array.shape:
        raise UnreadableImage(name, f"an array must be (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), not {array.shape}")
    if array.shape[2] == (channels or array.shape[2]) and array.shape[2] != 4:
        return array
    return _with_channels(_by_value(Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array)), channels)


def _reason(error: Exception, source: Any) -> str:
    if isinstance(error, UnidentifiedImageError):
        return f"it is not a picture in {', '.join(FORMATS)}"
    if isinstance(error, MemoryError):
        return "it does not fit into memory"
    if isinstance(error, PermissionError):
        return "permission denied"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = " ".join(str(error).split()) or type(error).__name__
    return text if isinstance(error, (OSError, ValueError)) else f"{type(error).__name__}: {text}"
