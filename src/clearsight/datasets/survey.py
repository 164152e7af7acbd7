"""What is stored in the pictures of a data set: channels, one range for values of more than 8 bits, files of several pictures."""

import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from ..base.errors import UnreadableImage, listed, plain
from ..base.progress import Progress
from ..images import jpeg
from ..images.decode import stored
from ..images.deep import usual_range
from ..images.header import looked
from .dataset import Dataset
from .facts import SIZE, Files, Rows, keep, kept_at, recalled

VERSION = 1
GROUP, _CHUNK = 64, 512  # pictures a thread takes at a time, and those between two lines of progress
Ends: TypeAlias = tuple[float, float, bool, int]
NO_ENDS: Ends = (0.0, 0.0, False, 0)
ENDS = np.dtype([("low", "<f8"), ("high", "<f8"), ("whole", "?"), ("bits", "u1")])
ROW = np.dtype([("key", f"S{SIZE}"), ("read", "?"), ("channels", "<i4"), ("several", "?"), ("ends", ENDS)])


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


def survey(data: Dataset, bands: tuple[int, ...] = (), *, quiet: bool = True, files: Files | None = None) -> Survey:
    """The survey of a data set: of every file its first bytes, and all values of the pictures beyond 8 bits.

    The range is that of the chosen `bands`, counted from 1, of pictures with more than three; () are all. With `files`, those of the data
    set, files that have been surveyed before are not read.
    """
    found = Survey()
    if data.pictures is not None:
        pictures = data.pictures
        found.channels[pictures.shape[3] if pictures.ndim == 4 else 1] = len(pictures)
        if pictures.dtype != np.uint8:
            ends = _ends(_chosen(pictures, bands) if pictures.ndim == 4 else pictures)
            _add(found, np.array([ends], ENDS), len(pictures))
        return found
    rows = _rows(data, bands, quiet, files)
    read, deep = rows["read"], rows["ends"]["bits"] > 0
    found.channels = Counter(rows["channels"][read].tolist())
    found.several = data.names[rows["several"]].tolist()
    if deep.any():
        _add(found, rows["ends"][deep], int(deep.sum()))
    return found


def _rows(data: Dataset, bands: tuple[int, ...], quiet: bool, files: Files | None) -> Rows:
    """A `ROW` for every file, zeros of an unreadable one, which reading the picture reports."""
    files = files or Files(np.zeros(len(data), f"S{SIZE}"))
    memory, settings = kept_at("prints", files.name, "survey"), f"{VERSION} {jpeg.decoder()} {bands}".encode()
    rows, known = recalled(memory, files.keys, ROW, settings)
    missing = np.flatnonzero(~known)

    def some(start: int) -> None:
        for row in missing[start : start + GROUP]:
            with suppress(UnreadableImage):
                rows[row] = (files.keys[row], *_one(data.source(row), bands))

    with Progress("survey", len(missing), quiet=quiet) as progress, ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(missing), _CHUNK):
            stop = min(start + _CHUNK, len(missing))
            list(pool.map(some, range(start, stop, GROUP)))
            progress.update(stop - start)
    if len(missing) and files.name:
        keep(memory, rows[rows["read"]], settings)
    return rows


def _one(source: Any, bands: tuple[int, ...]) -> tuple[bool, int, bool, Ends]:
    """The row of a picture after its key; raises UnreadableImage."""
    fact = looked(source)
    values = stored(source) if fact.deep else None
    if values is None or (values.dtype.kind == "f" and not np.isfinite(values).all()):
        return True, fact.channels, fact.several, NO_ENDS
    return True, fact.channels, fact.several, _ends(_chosen(values, bands))


def _ends(values: np.ndarray) -> Ends:
    """The least and the largest of values, whether they are whole, and the bits of their type."""
    if not values.size:
        return NO_ENDS
    return float(values.min()), float(values.max()), values.dtype.kind in "ui", 8 * values.dtype.itemsize


def _chosen(values: np.ndarray, bands: tuple[int, ...]) -> np.ndarray:
    """The values that are read of pictures `(…, H, W, C)`, or of one `(H, W)`; all where a band is not there, which reading reports."""
    n = values.shape[-1] if values.ndim > 2 else 1
    return values if not bands or n in (1, 3) or max(bands) > n else values[..., [band - 1 for band in bands]]


def _add(found: Survey, ends: np.ndarray, pictures: int) -> None:
    found.deep += pictures
    found.low, found.high = min(found.low, float(ends["low"].min())), max(found.high, float(ends["high"].max()))
    found.whole = found.whole and bool(ends["whole"].all())
    found.widest = max(found.widest, int(ends["bits"].max()))
