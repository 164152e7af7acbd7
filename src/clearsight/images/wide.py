"""16-bit colour, and 16-bit grey with transparency: both bytes of every value, of which Pillow keeps the upper one."""

import sys
from io import BytesIO
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from . import deep
from .deep import Reading

# Pillow unpacks the first or the second byte of a value, called after the byte order in which it is the upper one: read both ways, a
# picture of one order has its upper bytes once and its lower ones once.
_TWIN = {"16B": "16L", "16L": "16B", "16N": "16B" if sys.byteorder == "little" else "16L"}
_MODES = ("RGB", "RGBA", "LA")


def values(image: ImageFile.ImageFile, file: IO[bytes]) -> NDArray[np.uint16] | None:
    """The stored values `(H, W, C)` of an opened picture of 16-bit colour or grey with transparency, which is then loaded; else None."""
    kind, twin = _raw(image), type(image)
    if kind is None:
        return None
    file.seek(0)
    with twin(file) as other:
        if kind == "LA;16B":  # four bytes a pixel, as RGBA
            other._mode, raw = "RGBA", "RGBA"
        else:
            raw = kind[:-3] + _TWIN[kind[-3:]]
        other.tile = [tile._replace(args=_with(tile.args, raw)) for tile in other.tile]
        other.load()
        lower = np.asarray(other).astype(np.uint16)
    image.load()
    upper = np.asarray(image).astype(np.uint16)
    if kind == "LA;16B":
        upper, lower = lower[:, :, ::2], lower[:, :, 1::2]
    return (upper << 8 | lower).astype(np.uint16, copy=False)


def eight_bits(image: Image.Image, stored: NDArray[np.uint16], reading: Reading, name: str) -> Image.Image:
    """The picture of these values in 8 bits by the range of `reading`, with its transparency and colour profile."""
    colours = stored.shape[2] - (stored.shape[2] in (2, 4))
    scaled = deep.to_levels(stored[:, :, :colours], reading, name)
    clear = image.info.get("transparency")
    if stored.shape[2] != colours:
        scaled = np.concatenate([scaled, np.rint(stored[:, :, colours:] / 257).astype(np.uint8)], axis=2)
    elif isinstance(clear, tuple):
        scaled = np.concatenate([scaled, np.where((stored == clear).all(2, keepdims=True), np.uint8(0), np.uint8(255))], axis=2)
    made = Image.fromarray(scaled)
    made.info = {key: value for key, value in image.info.items() if key == "icc_profile"}
    return made


def unread(image: ImageFile.ImageFile) -> BytesIO | None:
    """The file of such a picture that Pillow has opened and not yet loaded, which would drop the lower bytes; else None."""
    if _raw(image) is None or image.fp is None:
        return None
    image.fp.seek(0)
    return BytesIO(image.fp.read())


def _raw(image: ImageFile.ImageFile) -> str | None:
    """The order of the stored bytes as Pillow calls it, None for a picture of at most 8 bits or of other colours."""
    if image.mode not in _MODES or not image.tile:
        return None
    kinds = {args if isinstance(args, str) else args[0] for args in (tile.args for tile in image.tile) if args}
    kind = next(iter(kinds)) if len(kinds) == 1 else None
    return kind if isinstance(kind, str) and (kind == "LA;16B" or (kind[-3:] in _TWIN and kind[:-4] == image.mode)) else None


def _with(args: Any, raw: str) -> Any:
    return raw if isinstance(args, str) else (raw, *args[1:])
