"""Duplicate detection: digests of pixels for exact copies, low frequencies for near and mirrored copies."""

import math
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..base.errors import UnreadableImage
from ..base.progress import Progress
from ..images.decode import examined
from ..images.deep import PLAIN, Reading, to_levels
from ..images.preprocess import Preprocessing
from .dataset import Dataset
from .identity import SIZE as DIGEST
from .identity import pixel_digest
from .loader import as_batch, eight_bits

SIDE = 16
FLAT = 20.0  # grey levels; a lower contrast counts as this one, because coding noise has a floor for any picture
FEATURELESS = 1.0  # grey levels; thumbnails with less contrast are indistinguishable
BLANK = 2.0  # grey levels of standard deviation
TINY = 8  # px
# Distances are root mean square, in units of the contrast. A pair within NEAR may be one picture twice. It is, unless so many
# others lie nearly as close (between NEAR and FAR) that chance alone would put one there: the number of neighbours grows with
# the distance to the power of GROWTH, as measured on fashion-mnist, and CHANCE accidental ones are let pass per picture.
NEAR = 0.1
FAR = 0.2
GROWTH = 7
CHANCE = 0.0005
_LOWEST = 8  # cycles per picture, up to which frequencies are compared: a saved or resized copy differs in the higher ones
_CHUNK = 512
_ROWS, _COLUMNS = 512, 1024  # of a tile of distances: bounds the memory, and stays in the processor's cache
_THUMBNAIL = Preprocessing(channels=1, height=SIDE, width=SIDE, fit="stretch", mean=(0.0,), std=(1.0,))


@dataclass(frozen=True)
class Prints:
    """Fingerprints of pictures, about 280 bytes each, and facts of their files.

    `digests` bytes `(N,)` of the pixels, `points` float32 `(N, F)`, `sizes` int32 `(N, 2)` as width and height,
    `kinds` int16 `(N,)` into `table` of (mode, format), `blank` and `featureless` bool `(N,)`.
    `unreadable` holds the error of each picture that has none of these.
    """

    digests: NDArray[np.bytes_]
    points: NDArray[np.float32]
    sizes: NDArray[np.int32]
    kinds: NDArray[np.int16]
    blank: NDArray[np.bool_]
    featureless: NDArray[np.bool_]
    table: list[tuple[str, str]] = field(default_factory=list)
    unreadable: dict[int, UnreadableImage] = field(default_factory=dict)
    reading: Reading = PLAIN
    channels: int = 0  # 0: those of each picture

    def put(self, start: int, pictures: NDArray[np.uint8], kind: tuple[str, str]) -> None:
        """Add pictures of one size, uint8 `(n, H, W)` or `(n, H, W, C)`, from row `start` on."""
        rows = slice(start, start + len(pictures))
        thumbnails = _THUMBNAIL.fit_batch(as_batch(pictures, 1)).flatten(1).float()
        low = thumbnails @ _BASIS.T
        self.points[rows] = (low / (low.pow(2).sum(1, keepdim=True) + (SIDE * FLAT) ** 2).sqrt()).numpy()
        self.digests[rows] = [pixel_digest(picture) for picture in pictures]
        self.sizes[rows] = pictures.shape[2], pictures.shape[1]
        self.blank[rows] = _blank(pictures)
        self.featureless[rows] = (thumbnails.std(1, correction=0) < FEATURELESS).numpy()
        if kind not in self.table:
            self.table.append(kind)
        self.kinds[rows] = self.table.index(kind)

    def put_array(self, start: int, pictures: NDArray[Any]) -> None:
        """Add pictures of one size in an array of any type, `(n, H, W)` or `(n, H, W, C)`, from row `start` on."""
        bands = pictures.shape[3] if pictures.ndim == 4 else 1
        mode = {1: "L", 3: "RGB"}.get(bands, f"{bands}×{pictures.dtype}")
        if pictures.dtype != np.uint8:
            mode = f"{bands}×{pictures.dtype}"
        if self.channels:
            pictures = eight_bits(pictures, Preprocessing(self.channels, levels=self.reading.levels, bands=self.reading.bands))
        elif pictures.dtype != np.uint8:
            pictures = to_levels(pictures, self.reading, "the array of pictures")
        self.put(start, pictures, (mode, "array"))

    def put_file(self, row: int, source: Path | NDArray[np.uint8]) -> None:
        """Add the picture in `source` as `row`, or the reason why it cannot be read."""
        try:
            facts, picture = examined(source, self.reading, self.channels or None)
            self.put(row, picture[None], (facts.mode, facts.format))
        except UnreadableImage as error:
            self.unreadable[row] = error


def prints(datasets: Sequence[Dataset], reading: Reading = PLAIN, channels: int = 0, *, quiet: bool = False) -> Prints:
    """The fingerprints of all pictures, one data set after the other, read as `reading` and `channels` (0: their own) say."""
    n = sum(map(len, datasets))
    made = Prints(
        np.zeros(n, f"S{DIGEST}"), np.zeros((n, len(_BASIS)), np.float32), np.zeros((n, 2), np.int32), np.zeros(n, np.int16),
        np.zeros(n, bool), np.zeros(n, bool), reading=reading, channels=channels,
    )  # fmt: skip
    first = 0
    with Progress("look", n, quiet=quiet) as progress, ThreadPoolExecutor(os.cpu_count()) as pool:
        for data in datasets:
            for start in range(0, len(data), _CHUNK):
                rows = range(start, min(start + _CHUNK, len(data)))
                if data.pictures is not None:
                    chunk = data.pictures[start : rows.stop]
                    made.put_array(first + start, chunk)
                else:
                    list(pool.map(made.put_file, (first + i for i in rows), map(data.source, rows)))
                progress.update(len(rows))
            first += len(data)
    return made


def _blank(pictures: NDArray[np.uint8]) -> NDArray[np.bool_]:
    step = max(1, min(pictures.shape[1:3]) // 64)  # a sample shows of nearly all large pictures that they are not blank,
    some = pictures[:, ::step, ::step].reshape(len(pictures), -1, *pictures.shape[3:]).astype(np.float32)
    some = some.swapaxes(1, -1).copy()  # a channel in a piece: several times as fast
    blank = np.asarray(some.std(-1).reshape(len(pictures), -1).max(1) < BLANK)
    if step > 1 and blank.any():  # but not that they are: a few strokes on a page may lie between
        blank[blank] = [_deviation(picture) < BLANK for picture in pictures[blank]]
    return blank


def _deviation(picture: NDArray[np.uint8]) -> float:
    """The largest standard deviation of a channel of `(H, W)` or `(H, W, C)`, in strips: eight times a large picture is too much."""
    rows, total, squares = max(1, 2**20 // picture.shape[1]), np.zeros(()), np.zeros(())
    for top in range(0, len(picture), rows):
        strip = picture[top : top + rows].astype(np.float64)
        total, squares = total + strip.sum((0, 1)), squares + np.square(strip).sum((0, 1))
    n = picture.shape[0] * picture.shape[1]
    return float(np.sqrt(np.maximum(squares / n - (total / n) ** 2, 0)).max())


def _basis() -> tuple[Tensor, int]:
    """Cosines `(F, 256)` of the low frequencies, blurred, and how many of them, the first, are the same in a mirror; the others turn."""
    k, x = torch.arange(SIDE)[:, None], torch.arange(SIDE) + 0.5
    waves = (k * x * math.pi / SIDE).cos() * torch.where(k == 0, 1.0, 2.0).sqrt() / math.sqrt(SIDE)
    across = [(v, u) for v in (*range(0, SIDE, 2), *range(1, SIDE, 2)) for u in range(SIDE) if 0 < u * u + v * v <= _LOWEST**2]
    rows = [math.exp(-(u * u + v * v) / (2 * _LOWEST**2)) * torch.outer(waves[u], waves[v]).flatten() for v, u in across]
    return torch.stack(rows), sum(v % 2 == 0 for v, _ in across)


_BASIS, _EVEN = _basis()


def same(digests: NDArray[np.bytes_]) -> list[list[int]]:
    """Groups of two and more places whose digests `(N,)` are equal."""
    return _groups(np.unique(digests, return_inverse=True)[1].reshape(-1), np.arange(len(digests)))


def _groups(label: NDArray[np.int64], places: NDArray[np.int64]) -> list[list[int]]:
    """The `places` of each label that occurs more than once."""
    order = np.argsort(label, kind="stable")
    runs = np.split(places[order], np.flatnonzero(np.diff(label[order])) + 1) if len(label) else []
    return [sorted(run.tolist()) for run in runs if len(run) > 1]


def alike(points: NDArray[np.float32], *, quiet: bool = False) -> list[list[int]]:
    """Groups of two and more places whose `points` are one picture, saved again, resized or mirrored, by the rule at `NEAR`.

    All pairs are compared but those too far apart along the main axis: the time grows with the square of the number (seven
    seconds of one core for fashion-mnist's 70,000), the memory with the number (some 700 bytes a picture).
    """
    if len(points) < 2:
        return []
    every = torch.from_numpy(points)
    axis = torch.linalg.eigh(torch.cov(every[:, :_EVEN].T)).eigenvectors[:, -1]  # a picture and its mirror image are at one place of it
    line, order = (every[:, :_EVEN] @ axis).sort()
    every = every[order]
    near, crowd = _neighbours(every, line, quiet)
    reach = (FAR * (CHANCE / crowd.clamp_min(1e-9)) ** (1 / GROWTH)).clamp_max(NEAR)
    kept = near > 0
    return _groups(_joined(every[kept], line[kept], reach[kept]), order[kept].numpy())


def _tiles(points: Tensor, line: Tensor, far: float) -> Iterator[tuple[int, int, Tensor]]:
    """Squared distances of all pairs within `far` along the `line`, to the picture or its mirror image, as (row, column, tile).

    Rows are cut into blocks; the tiles of a block begin at its first row, so that every pair comes once, but those within a block twice.
    """
    squares = points.pow(2).sum(1, keepdim=True)
    for row in range(0, len(points), _ROWS):
        rows = slice(row, min(row + _ROWS, len(points)))
        even, odd, square = points[rows, :_EVEN], points[rows, _EVEN:], squares[rows]
        left = torch.cat([-2 * even, square, torch.ones_like(square)], dim=1)
        end = int(torch.searchsorted(line, line[rows.stop - 1] + far, right=True))
        starts = [row, *range(rows.stop, end, _COLUMNS), end] if end > rows.stop else [row, end]
        for column, stop in pairwise(starts):
            others, square = points[column:stop], squares[column:stop]
            right = torch.cat([others[:, :_EVEN], torch.ones_like(square), square], dim=1)
            tile = left @ right.T  # |a|² + |b|² - 2 a·b, of the frequencies that a mirror does not turn
            yield row, column, tile.sub_((2 * odd @ others[:, _EVEN:].T).abs_())  # and of the others, turned or not


def _neighbours(points: Tensor, line: Tensor, quiet: bool) -> tuple[Tensor, Tensor]:
    """How many others are within `NEAR` of each picture, and how many between `NEAR` and `FAR`, float32 `(N,)` each."""
    counts = torch.zeros(2, len(points))
    with Progress("compare", len(points), quiet=quiet) as progress:
        for row, column, tile in _tiles(points, line, FAR):
            rows, columns = slice(row, row + tile.shape[0]), slice(column, column + tile.shape[1])
            for count, reach in zip(counts, (NEAR, FAR), strict=True):
                within = (tile < reach**2).float()
                count[rows] += within.sum(1)
                if column > row:
                    count[columns] += within.sum(0)
            if column == row:
                progress.update(len(tile))
    counts -= 1  # itself
    return counts[0], counts[1] - counts[0]


def _joined(points: Tensor, line: Tensor, reach: Tensor) -> NDArray[np.int64]:
    """Labels (N,), the least place of each group, after all pairs that lie within the `reach` of both were joined."""
    label = np.arange(len(points))
    for row, column, tile in _tiles(points, line, NEAR):
        both = torch.minimum(reach[row : row + tile.shape[0], None], reach[column : column + tile.shape[1]])
        a, b = (torch.nonzero(tile < both**2) + torch.tensor([row, column])).numpy().T
        while (apart := label[a] != label[b]).any():
            a, b = a[apart], b[apart]
            np.minimum.at(label, np.maximum(label[a], label[b]), np.minimum(label[a], label[b]))
            while (label[label] != label).any():
                label = label[label]
    return label
