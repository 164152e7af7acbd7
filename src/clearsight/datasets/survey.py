"""What is stored in the pictures of a data set: channels, one range for values of more than 8 bits, files of several pictures."""

import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from ..base.errors import UnreadableImage, listed, plain
from ..base.progress import Progress
from ..images.decode import stored
from ..images.deep import usual_range
from ..images.header import Stored, looked
from .dataset import Dataset

_CHUNK = 512


@dataclass
class Survey:
    """Pictures by their number of channels, the least and the largest value of those beyond 8 bits, files with more than one picture."""

    channels: Counter[int] = field(default_factory=Counter)
    deep: int = 0
    low: float = np.inf
    high: float = -np.inf
    whole: bool = True
    widest: int = 0  # bits of the widest type
    several: list[str] = field(default_factory=list)  # names of the files with further pages or frames

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


def several_words(names: Sequence[str]) -> str:
    """One line about files with more than one picture."""
    return (
        f"of {len(names):,} files with several pages or frames only the first is read: {listed(list(map(plain, names)), 3)}. "
        "Save the others as files of their own if they matter"
    )


def survey(data: Dataset, bands: tuple[int, ...] = (), *, quiet: bool = True) -> Survey:
    """The survey of a data set: of every file its first bytes, and all values of the pictures beyond 8 bits.

    The range is that of the chosen `bands`, counted from 1, of pictures with more than three; () are all.
    """
    found = Survey()
    if data.pictures is not None:
        pictures = data.pictures
        found.channels[pictures.shape[3] if pictures.ndim == 4 else 1] = len(pictures)
        if pictures.dtype != np.uint8:
            _add(found, _chosen(pictures, bands) if pictures.ndim == 4 else pictures, len(pictures))
        return found
    with Progress("survey", len(data), quiet=quiet) as progress, ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(data), _CHUNK):
            rows = range(start, min(start + _CHUNK, len(data)))
            for row, (fact, values) in zip(rows, pool.map(partial(_one, bands=bands), map(data.source, rows)), strict=True):
                if fact:
                    found.channels[fact.channels] += 1
                    found.several += [str(data.names[row])] * fact.several
                if values is not None and values.size:
                    _add(found, values, 1)
            progress.update(len(rows))
    return found


def _one(source: Any, bands: tuple[int, ...]) -> tuple[Stored | None, np.ndarray | None]:
    """The header of a picture, and the ends of its values where they are beyond 8 bits; nothing of an unreadable one."""
    try:
        fact = looked(source)
        values = stored(source) if fact.deep else None
    except UnreadableImage:
        return None, None  # reading the picture reports it
    if values is None or (values.dtype.kind == "f" and not np.isfinite(values).all()):
        return fact, None
    values = _chosen(values, bands)
    return fact, np.array([values.min(), values.max()], dtype=values.dtype)


def _chosen(values: np.ndarray, bands: tuple[int, ...]) -> np.ndarray:
    """The values that are read of pictures `(…, H, W, C)`, or of one `(H, W)`; all where a band is not there, which reading reports."""
    n = values.shape[-1] if values.ndim > 2 else 1
    return values if not bands or n in (1, 3) or max(bands) > n else values[..., [band - 1 for band in bands]]


def _add(found: Survey, values: np.ndarray, pictures: int) -> None:
    found.deep += pictures
    found.low, found.high = min(found.low, float(values.min())), max(found.high, float(values.max()))
    found.whole = found.whole and values.dtype.kind in "ui"
    found.widest = max(found.widest, 8 * values.dtype.itemsize)
