"""Values beyond 8 bits: read as they are stored, and scaled to 8 bits by one range, the same in every picture of a data set."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..base.errors import UnreadableImage

SAMPLE_FORMAT, BITS = 339, 258  # tags of a TIFF
OLD_WHITES = (1, 255, 65535)  # chosen for each picture on its own before version 2
OUT = "state the values of black and white with --range, as in --range 0:4095"


@dataclass(frozen=True)
class Reading:
    """How stored values become the 8 bits of a picture.

    `levels` are the values of black and of white beyond 8 bits, without which they are those of the type: 0 and 65535, for floats 0 and 1.
    `bands` are those to read of a picture with more than three, counted from 1; () are all. `version` 1 is that of older artefacts:
    white by picture, colour profiles ignored, further bands dropped.
    """

    levels: tuple[float, ...] = ()
    bands: tuple[int, ...] = ()
    version: int = 2


PLAIN, OLD = Reading(), Reading(version=1)


def values(image: Image.Image) -> NDArray[Any] | None:
    """The stored values `(H, W)` of a grey picture beyond 8 bits or signed, None for any other."""
    if image.mode == "I" and _format(image) == 1 and image.tag_v2.get(BITS, (0,))[0] == 32:  # type: ignore[attr-defined]
        return np.asarray(image).view(np.uint32)  # Pillow has signed ones only
    if image.mode.startswith("I") or image.mode == "F":
        return np.asarray(image)
    if image.mode == "L" and _format(image) == 2:
        return np.asarray(image).view(np.int8)
    return None


def _format(image: Image.Image) -> int:
    """1 for the unsigned values of a TIFF, 2 for signed ones, 0 for a picture of another kind."""
    tags = getattr(image, "tag_v2", None)
    return int(tags.get(SAMPLE_FORMAT, (1,))[0]) if tags else 0


def to_levels(stored: NDArray[Any], reading: Reading, name: str) -> NDArray[np.uint8]:
    """Stored values of any shape as uint8: 255·(value − black)/(white − black), rounded, clipped to a range that is stated.

    Without one, raises UnreadableImage for values outside the range of their type.
    """
    if stored.dtype.kind == "f" and not np.isfinite(stored).all():
        raise UnreadableImage(name, "some of its values are not numbers (NaN or infinity)")
    if reading.version == 1:
        low, high = 0.0, _old_white(stored, name)
    elif reading.levels:
        low, high = reading.levels
    else:
        low, high = 0.0, 1.0 if stored.dtype.kind == "f" else 65535.0
        _require_within(stored, high, name)
    made, rows = np.empty(stored.shape, np.uint8), max(1, 2**22 // max(1, stored[:1].size))
    # float64 in strips, so that a value is the same grey in every type; older artefacts computed in float32
    exact = np.dtype(np.float32 if reading.version == 1 else np.float64)
    for top in range(0, len(stored), rows):
        strip = (stored[top : top + rows].astype(exact) - low) * (255 / (high - low))
        made[top : top + rows] = np.rint(strip).clip(0, 255).astype(np.uint8)
    return made


def _old_white(stored: NDArray[Any], name: str) -> float:
    if (stored.dtype.kind, stored.dtype.itemsize) == ("u", 2):
        return 65535.0
    whites = [white for white in OLD_WHITES if stored.max() <= white and not (white == 1 and stored.dtype.kind != "f")]
    if not (stored.min() >= 0 and whites):
        raise UnreadableImage(name, f"its values go from {stored.min():g} to {stored.max():g}, which has no usual white; {OUT}")
    return float(whites[0])


def _require_within(stored: NDArray[Any], white: float, name: str) -> None:
    if (stored.dtype.kind, stored.dtype.itemsize) == ("u", 2) or not stored.size:
        return
    low, high = stored.min(), stored.max()
    if not (low >= 0 and high <= white):
        raise UnreadableImage(name, f"its values go from {low:g} to {high:g}, where those of its type go from 0 to {white:g}; {OUT}")


def usual_range(low: float, high: float, whole: bool) -> tuple[float, float]:
    """The range for values from `low` to `high`: whole numbers from 0 to all ones in binary, of at least 8 bits.

    Floats go from 0 to 1, 255 or 65535 where they use half of that, and all other values from end to end.
    """
    if low < 0 or not high > 0:
        return (low, high) if high > low else (low, low + 1)
    if whole and high < 2**32:
        return 0.0, float(2 ** max(8, int(high).bit_length()) - 1)
    return 0.0, next((white for white in (1.0, 255.0, 65535.0) if high <= white and (white == 1 or high > white / 2)), high)
