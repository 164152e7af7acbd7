"""What is stored in the pictures of a data set: their channels, and one range of values for all that have more than 8 bits."""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..base.errors import UnreadableImage
from ..base.progress import Progress
from ..images.decode import stored
from ..images.deep import usual_range
from ..images.header import Stored, looked
from .dataset import Dataset

_CHUNK = 512


@dataclass
class Survey:
    """Pictures by their number of channels, and the least and the largest value of those beyond 8 bits, `None` without such."""

    channels: Counter[int] = field(default_factory=Counter)
    deep: int = 0
    low: float = np.inf
    high: float = -np.inf
    whole: bool = True
    widest: int = 0  # bits of the widest type

    @property
    def levels(self) -> tuple[float, ...]:
        """Black and white of the pictures beyond 8 bits, () without such."""
        return usual_range(self.low, self.high, self.whole) if self.high >= self.low else ()

    @property
    def most(self) -> int:
        """The channels for all: 1 if every picture is grey, the commonest number of bands where some have others than 1 and 3, else 3."""
        if self.channels.keys() <= {1, 3}:
            return 1 if self.channels.keys() == {1} else 3
        return self.channels.most_common(1)[0][0]

    @property
    def unused(self) -> bool:
        """Whether the values are of fewer bits than their type has."""
        return self.widest == 16 and self.whole and self.low >= 0 and self.levels != (0.0, 65535.0)

    def words(self, levels: tuple[float, ...] = ()) -> str:
        """One line about the pictures beyond 8 bits, where `levels` are black and white (default: those found)."""
        low, high = levels or self.levels
        share = f" ({int(self.levels[1] + 1).bit_length() - 1} bits in 16)" if self.unused else ""
        return (
            f"{self.deep:,} pictures beyond 8 bits have values from {self.low:g} to {self.high:g}{share}: black is {low:g} and white "
            f"{high:g} in every picture, --range sets others"
        )


def survey(data: Dataset, *, quiet: bool = True) -> Survey:
    """The survey of a data set: of every file its first bytes, and all values of the pictures beyond 8 bits."""
    found = Survey()
    if data.pictures is not None:
        pictures = data.pictures
        found.channels[pictures.shape[3] if pictures.ndim == 4 else 1] = len(pictures)
        if pictures.dtype != np.uint8:
            _add(found, pictures, len(pictures))
        return found
    with Progress("survey", len(data), quiet=quiet) as progress, ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(data), _CHUNK):
            rows = range(start, min(start + _CHUNK, len(data)))
            for fact, values in pool.map(_one, map(data.source, rows)):
                if fact:
                    found.channels[fact.channels] += 1
                if values is not None and values.size:
                    _add(found, values, 1)
            progress.update(len(rows))
    return found


def _one(source: Any) -> tuple[Stored | None, np.ndarray | None]:
    """The header of a picture, and the ends of its values where they are beyond 8 bits; nothing of an unreadable one."""
    try:
        fact = looked(source)
        values = stored(source) if fact.deep else None
    except UnreadableImage:
        return None, None  # reading the picture reports it
    if values is None or (values.dtype.kind == "f" and not np.isfinite(values).all()):
        return fact, None
    return fact, np.array([values.min(), values.max()], dtype=values.dtype)


def _add(found: Survey, values: np.ndarray, pictures: int) -> None:
    found.deep += pictures
    found.low, found.high = min(found.low, float(values.min())), max(found.high, float(values.max()))
    found.whole = found.whole and values.dtype.kind in "ui"
    found.widest = max(found.widest, 8 * values.dtype.itemsize)
