"""From what a reader gives, a Pillow image or an array of any type, to the uint8 array `(H, W, C)` of a picture."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..base.errors import UnreadableImage, wrong
from ..base.text.words import MOST_BANDS as MOST
from . import deep, profile
from .deep import Reading

ALPHA = {2: "LA", 4: "RGBA"}  # modes whose transparency is a band where so many channels are wanted
SHOWN: ContextVar[tuple[int, ...]] = ContextVar("the bands that are shown as red, green and blue", default=(1, 2, 3))
ARRAYS = f"(H, W) or (H, W, C) with up to {MOST} bands"


def flat(image: Image.Image, name: str, reading: Reading, channels: int | None) -> Image.Image | NDArray[np.uint8]:
    """A picture in mode L or RGB, converted by value, transparency on white; an array where its transparency is one of `channels`."""
    if (stored := deep.values(image)) is not None and not (reading.version == 1 and image.mode == "L"):
        return _from_deep(image, stored, name, reading)
    if channels in ALPHA and image.mode == ALPHA[channels]:
        return np.array(image)
    if reading.version > 1 and (own := profile.foreign(image)):
        image = profile.to_srgb(image, own)
    grey = image.mode in ("1", "L", "LA", "La")
    if image.mode == "La":
        image = image.convert("LA")
    mode = "L" if grey else "RGB"
    return _on_white(image, mode) if image.has_transparency_data else _in_mode(image, mode)


def _on_white(image: Image.Image, mode: str) -> Image.Image:
    """The picture on white, in strips of 4 million pixels: four copies of a large picture could exceed the memory."""
    made = Image.new(mode, image.size)
    rows = max(1, 2**22 // image.width)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height))).convert("RGBA")
        white = Image.new("RGBA", strip.size, (255, 255, 255, 255))
        made.paste(Image.alpha_composite(white, strip).convert(mode), (0, top))
    return made


def _in_mode(image: Image.Image, mode: str) -> Image.Image:
    return image if image.mode == mode else image.convert(mode)


def _from_deep(image: Image.Image, stored: NDArray[Any], name: str, reading: Reading) -> Image.Image:
    clear = stored == image.info["transparency"] if isinstance(image.info.get("transparency"), int) else None
    scaled = deep.to_levels(stored, reading, name)
    return Image.fromarray(scaled if clear is None else np.where(clear, np.uint8(255), scaled))


def finished(picture: Image.Image | NDArray[Any], channels: int | None, name: str, reading: Reading) -> NDArray[np.uint8]:
    """The uint8 array `(H, W, C)` of a flat picture, or of stored values `(H, W, C)`."""
    if isinstance(picture, np.ndarray):
        return from_bands(picture, channels, name, reading)
    if channels not in (None, 1, 3):
        raise _other_bands(name, 1 if picture.mode == "L" else 3, channels)
    try:
        return _with_channels(picture, channels)
    except MemoryError as error:
        raise UnreadableImage(name, "it does not fit into memory") from error


def _with_channels(image: Image.Image, channels: int | None) -> NDArray[np.uint8]:
    if channels:
        image = _in_mode(image, "L" if channels == 1 else "RGB")
    picture = np.array(image)  # a writable copy
    return picture[:, :, None] if picture.ndim == 2 else picture


def from_array(source: Any, channels: int | None, name: str, reading: Reading) -> NDArray[np.uint8]:
    """An array `(H, W)` or `(H, W, C)` of any type as uint8 `(H, W, C)`; 4 uint8 bands are RGBA unless bands or 4 `channels` are stated."""
    try:
        array = np.asarray(source)
    except Exception as error:  # a tensor on another device, or one that needs a gradient
        raise UnreadableImage(name, f"no array can be made of it: {error}") from error
    if array.dtype != np.uint8:
        array = _levels(array, name, reading)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or 0 in array.shape or array.shape[2] > MOST:
        raise UnreadableImage(name, f"an array must be {ARRAYS}, not {array.shape}")
    if array.shape[2] == 4 and channels != 4 and not reading.bands:
        return _with_channels(_on_white(Image.fromarray(np.ascontiguousarray(array)), "RGB"), channels)
    return from_bands(array, channels, name, reading)


def from_bands(stored: NDArray[Any], channels: int | None, name: str, reading: Reading) -> NDArray[np.uint8]:
    """Stored values `(H, W, C)` of any number of bands as uint8, of more than 3 those that `reading` chooses; raises UnreadableImage."""
    if reading.bands and stored.shape[2] not in (1, 3):
        stored = _chosen(stored, name, reading.bands)
    array = stored if stored.dtype == np.uint8 else deep.to_levels(stored, reading, name)
    n = array.shape[2]
    if channels in (None, n):
        return array
    if n not in (1, 3) or channels not in (1, 3):
        raise _other_bands(name, n, channels)
    return _with_channels(Image.fromarray(array[:, :, 0] if n == 1 else np.ascontiguousarray(array)), channels)


def _levels(array: NDArray[Any], name: str, reading: Reading) -> NDArray[np.uint8]:
    if (array.dtype.kind == "u" and array.dtype.itemsize == 2) or (array.dtype.kind in "uif" and reading.levels):
        return deep.to_levels(array, reading, name)
    raise UnreadableImage(
        name, f"an array must be uint8 (0 to 255), not {array.dtype}; multiply values in [0, 1] by 255 and round, or {deep.OUT}"
    )


def visible(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture `(H, W, C)` as people can see it: of more than three bands those of `SHOWN` as RGB, of two the first as grey.

    Raises UsageError where it lacks one of those.
    """
    bands, shown = picture.shape[2], SHOWN.get()
    if bands < 4:
        return picture[:, :, : 1 if bands == 2 else bands]
    if max(shown) > bands:
        raise wrong("the bands to show", f"from 1 to {bands}", ",".join(map(str, shown)))
    return picture[:, :, [band - 1 for band in shown]]


@contextmanager
def showing(bands: tuple[int, ...]) -> Iterator[None]:
    """Show these three bands as red, green and blue, counted from 1; () changes nothing. Raises UsageError for another number of them."""
    if len(bands) not in (0, 3):
        raise wrong("the bands to show", "three, as in 4,3,2", ",".join(map(str, bands)))
    before = SHOWN.set(bands or SHOWN.get())
    try:
        yield
    finally:
        SHOWN.reset(before)


def _chosen(array: NDArray[Any], name: str, chosen: tuple[int, ...]) -> NDArray[Any]:
    if max(chosen) > array.shape[2]:
        raise UnreadableImage(name, f"it has {array.shape[2]} bands, and band {max(chosen)} is to be read")
    return np.ascontiguousarray(array[:, :, [band - 1 for band in chosen]])


def _other_bands(name: str, has: int, wanted: int | None) -> UnreadableImage:
    more = "" if has <= 3 else "; --bands chooses which are read, as in --bands 3,2,1"
    return UnreadableImage(name, f"it has {has} band{'s' * (has > 1)}, and {wanted} are wanted{more}")
