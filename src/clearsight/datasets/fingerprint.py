"""Duplicate detection: digests of pixels for exact copies, low frequencies for near and mirrored copies."""

import math
import os
from collections import defaultdict
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
from ..images import jpeg
from ..images.decode import examined
from ..images.deep import PLAIN, Reading, to_levels
from ..images.preprocess import Preprocessing
from .dataset import Dataset
from .facts import SIZE as DIGEST
from .facts import Files, digest, keep, keep_pieces, kept_at, recalled
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
VERSION = 1  # of the prints that are kept
GROUP, _CHUNK = 64, 512  # pictures a thread takes at a time, and those between two lines of progress
_KEPT = 2**15  # prints that are written at once
_SMALL = 2**16  # bytes of a picture up to which it is kept for the tensor operations of its group: they cost more than small ones
_ROWS, _COLUMNS = 512, 1024  # of a tile of distances: bounds the memory, and stays in the processor's cache
COLUMNS = ("digests", "points", "sizes", "blank", "featureless")
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

    def put(self, rows: slice | list[int], pictures: NDArray[np.uint8], kind: tuple[str, str]) -> None:
        """Set `rows` to the fingerprints of pictures of one size, uint8 `(n, H, W)` or `(n, H, W, C)`."""
        thumbnails = _THUMBNAIL.fit_batch(as_batch(pictures, 1)).flatten(1).float()
        low = thumbnails @ _BASIS.T
        self.points[rows] = (low / (low.pow(2).sum(1, keepdim=True) + (SIDE * FLAT) ** 2).sqrt()).numpy()
        self.digests[rows] = [pixel_digest(picture) for picture in pictures]
        self.sizes[rows] = pictures.shape[2], pictures.shape[1]
        self.blank[rows] = _blank(pictures)
        self.featureless[rows] = (thumbnails.std(1, correction=0) < FEATURELESS).numpy()
        self.kinds[rows] = self.kind(kind)

    def kind(self, kind: tuple[str, str]) -> int:
        """The place of a (mode, format) in the `table`, where a new one is added."""
        if kind not in self.table:
            self.table.append(kind)
        return self.table.index(kind)

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
        self.put(slice(start, start + len(pictures)), pictures, (mode, "array"))

    def put_files(self, sources: dict[int, Path | NDArray[np.uint8]]) -> None:
        """Add the pictures in `sources` by row, or the reason why one cannot be read; small ones of one kind and shape together."""
        held: dict[tuple[Any, ...], dict[int, NDArray[np.uint8]]] = defaultdict(dict)
        for row, source in sources.items():
            try:
                facts, picture = examined(source, self.reading, self.channels or None)
            except UnreadableImage as error:
                self.unreadable[row] = error
                continue
            if picture.nbytes > _SMALL:
                self.put([row], picture[None], (facts.mode, facts.format))
            else:
                held[facts.mode, facts.format, picture.shape][row] = picture
        for (mode, kind, _), pictures in held.items():
            self.put(list(pictures), np.stack(list(pictures.values())), (mode, kind))


def prints(
    datasets: Sequence[Dataset], reading: Reading = PLAIN, channels: int = 0, *, quiet: bool = False, files: Files | None = None
) -> Prints:
    """The fingerprints of all pictures, one data set after the other, read as `reading` and `channels` (0: their own) say.

    With `files`, those of the data sets, files that have been read before in this way are not read.
    """
    n = sum(map(len, datasets))
    made = Prints(
        np.zeros(n, f"S{DIGEST}"), np.zeros((n, len(_BASIS)), np.float32), np.zeros((n, 2), np.int32), np.zeros(n, np.int16),
        np.zeros(n, bool), np.zeros(n, bool), reading=reading, channels=channels,
    )  # fmt: skip
    known = _recalled(made, files) if files else np.zeros(n, bool)
    first = 0
    with Progress("look", n - int(known.sum()), quiet=quiet) as progress, ThreadPoolExecutor(os.cpu_count()) as pool:
        for data in datasets:
            missing = np.flatnonzero(~known[first : first + len(data)])
            for start in range(0, len(missing), _CHUNK):
                rows = missing[start : start + _CHUNK]
                if data.pictures is not None:
                    made.put_array(first + start, data.pictures[start : start + _CHUNK])
                else:
                    groups = [rows[i : i + GROUP].tolist() for i in range(0, len(rows), GROUP)]
                    list(pool.map(made.put_files, ({first + i: data.source(i) for i in group} for group in groups)))
                progress.update(len(rows))
            first += len(data)
    if files and not known.all():
        _keep(made, files)
    return made


def _place(made: Prints, files: Files) -> tuple[Path, bytes]:
    """Where the prints of `files` are kept, and all that they depend on but the files."""
    how = f"{VERSION} {jpeg.decoder()} torch {torch.__version__} {made.reading} {made.channels}"
    return kept_at("prints", files.name, "prints"), how.encode()


def _recalled(made: Prints, files: Files) -> NDArray[np.bool_]:
    """Fill the rows of files that have been read before; which ones these are, bool `(N,)`."""
    place, how = _place(made, files)
    if not place.is_file():  # a row takes more memory than a print
        return np.zeros(len(files.keys), bool)
    rows, known = recalled(place, files.keys, ROW, how)
    for name in COLUMNS:
        getattr(made, name)[:] = rows[name]
    kinds, which = np.unique(rows["kind"][known], return_inverse=True)
    places = [made.kind((mode, kind)) for mode, kind in (text.decode().split("\n") for text in kinds.tolist())]
    made.kinds[known] = np.array(places, np.int16)[which]
    return known


def _keep(made: Prints, files: Files) -> None:
    good = files.keys != b""
    good[list(made.unreadable)] = False
    places = np.flatnonzero(good)
    place, how = _place(made, files)
    keep_pieces(place, (_rows(made, files, places[start : start + _KEPT]) for start in range(0, len(places), _KEPT)), len(places), ROW, how)


def _rows(made: Prints, files: Files, places: NDArray[np.int64]) -> NDArray[Any]:
    """The rows of the cache for some pictures."""
    rows = np.zeros(len(places), ROW)
    rows["key"] = files.keys[places]
    for name in COLUMNS:
        rows[name] = getattr(made, name)[places]
    rows["kind"] = np.array(["\n".join(kind).encode() for kind in made.table])[made.kinds[places]]
    return rows


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
# of the cache: the columns of `Prints` in it, and the group of near duplicates of a picture, 0 without one
ROW = np.dtype([
    ("key", f"S{DIGEST}"), ("digests", f"S{DIGEST}"), ("points", "<f4", (len(_BASIS),)), ("sizes", "<i4", (2,)), ("blank", "?"),
    ("featureless", "?"), ("kind", "S64"),
])  # fmt: skip
GROUPED = np.dtype([("key", f"S{DIGEST}"), ("group", "<i4")])


def same(digests: NDArray[np.bytes_]) -> list[list[int]]:
    """Groups of two and more places whose digests `(N,)` are equal."""
    return _groups(np.unique(digests, return_inverse=True)[1], np.arange(len(digests)))


def _groups(label: NDArray[np.integer[Any]], places: NDArray[np.int64]) -> list[list[int]]:
    """The `places` of each label that occurs more than once."""
    order = np.argsort(label, kind="stable")
    ends = np.flatnonzero(np.diff(label[order], append=label.max(initial=0) + 1)) + 1
    runs = zip(np.concatenate([[0], ends[:-1]]).tolist(), ends.tolist(), strict=False)
    return [sorted(places[order[start:stop]].tolist()) for start, stop in runs if stop - start > 1]


def alike(points: NDArray[np.float32], *, quiet: bool = False) -> list[list[int]]:
    """Groups of two and more places whose `points` are one picture, saved again, resized or mirrored, by the rule at `NEAR`.

    All pairs are compared but those too far apart along the main axis: the time grows with the square of the number (seven
    seconds of one core for fashion-mnist's 70,000), the memory with the number (some 700 bytes a picture).
    """
    if len(points) < 2:
        return []
    every = torch.from_numpy(points)
    axis = torch.linalg.eigh(_covariance(every)).eigenvectors[:, -1]  # a picture and its mirror image are at one place of it
    line, order = torch.cat([some[:, :_EVEN] @ axis for some in every.split(_KEPT)]).sort()
    every = every[order]
    near, crowd = _neighbours(every, line, quiet)
    reach = (FAR * (CHANCE / crowd.clamp_min(1e-9)) ** (1 / GROWTH)).clamp_max(NEAR)
    kept = near > 0
    return _groups(_joined(every[kept], line[kept], reach[kept]), order[kept].numpy())


def _covariance(points: Tensor) -> Tensor:
    """That of the frequencies that a mirror does not turn, summed in pieces: a copy of all points would be as large as they are."""
    n, total, squares = len(points), torch.zeros(_EVEN, dtype=torch.float64), torch.zeros(_EVEN, _EVEN, dtype=torch.float64)
    for some in points.split(_KEPT):
        even = some[:, :_EVEN].double()
        total, squares = total + even.sum(0), squares + even.T @ even
    return ((squares - torch.outer(total, total) / n) / (n - 1)).float()


def known_alike(points: NDArray[np.float32], files: Files, *, quiet: bool = False) -> list[list[int]]:
    """`alike`, kept in the cache for the points of `files`: comparing a hundred thousand takes longer than all else of a second look."""
    place = kept_at("prints", files.name, "alike")
    how = f"{VERSION} {NEAR} {FAR} {GROWTH} {CHANCE} {digest(points.data).decode()}".encode()
    rows, known = recalled(place, files.keys, GROUPED, how)
    if not known.all():
        for number, group in enumerate(alike(points, quiet=quiet), 1):
            rows["group"][group] = number
        keep(place, rows[rows["key"] != b""], how)
    found = np.flatnonzero(rows["group"])
    return _groups(rows["group"][found], found)


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
