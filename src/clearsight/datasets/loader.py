"""Loaders of preprocessed pictures: decoded once, preprocessed once, batched by indexing.

Small sets are one uint8 tensor in memory. Files are decoded by threads (Pillow releases the interpreter lock, and a million paths
are held once, not once per worker process) into a memory-mapped cache, so that later epochs and runs do not decode again. Sets too
large for both are decoded for each step, one batch ahead.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ..base.errors import ClearsightError, UnreadableImage, UsageError, listed, unknown
from ..base.files import cache_folder
from ..base.progress import Progress
from ..images.deep import to_levels
from ..images.preprocess import Preprocessing
from .cache import Stored, checksums, stored
from .dataset import Dataset
from .shards.ahead import Ahead, spare_few

PLACES = ("auto", "memory", "disk", "off")
IN_MEMORY = 512 * 2**20  # bytes up to which files are kept in memory rather than in a cache file
CHUNK = 256
GROUP = 8  # pictures a thread takes at a time: handing over costs a tenth of a millisecond


class Pictures(Protocol):
    """Preprocessed pictures by index: uint8 `(n, C, H, W)` batches, int64 labels `(N,)`, and a note on where they are stored."""

    labels: Tensor
    note: str

    def __len__(self) -> int:
        """The number of pictures."""
        ...

    def batch(self, indices: Tensor) -> Tensor:
        """The pictures at `indices` (n,)."""
        ...

    def batches(self, wanted: Iterable[Tensor]) -> Iterator[Tensor]:
        """One batch for each of `wanted`, in order."""
        ...


@dataclass
class Held:
    """Pictures in memory or mapped from files, uint8 `(n, H, W, C)` each; `places` (N, 2) are tensor and row, one tensor's rows if None."""

    tensors: list[Tensor]
    labels: Tensor
    note: str = ""
    places: Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, indices: Tensor) -> Tensor:
        """The pictures at `indices` (n,)."""
        if self.places is None:
            return self.tensors[0].index_select(0, indices).permute(0, 3, 1, 2)
        which, rows = self.places[indices].unbind(1)
        if len(self.tensors) == 1:
            return self.tensors[0].index_select(0, rows).permute(0, 3, 1, 2)
        made = torch.empty((len(indices), *self.tensors[0].shape[1:]), dtype=torch.uint8)
        for k, tensor in enumerate(self.tensors):
            made[which == k] = tensor.index_select(0, rows[which == k])
        return made.permute(0, 3, 1, 2)

    def batches(self, wanted: Iterable[Tensor]) -> Iterator[Tensor]:
        """One batch for each of `wanted`, in order."""
        return map(self.batch, wanted)


@dataclass
class Checked:
    """Pictures in cache files, compared with their checksums at first use; damaged ones are decoded again.

    The file of a damaged picture is removed, so that the next run writes another.
    """

    held: Held
    found: Stored
    dataset: Dataset
    preprocessing: Preprocessing
    labels: Tensor = field(init=False)
    note: str = field(init=False)
    _fresh: Tensor = field(init=False)  # bool (N,): not used yet, or damaged

    def __post_init__(self) -> None:
        self.labels, self.note = self.held.labels, self.held.note
        self._fresh = torch.ones(len(self.labels), dtype=torch.bool)

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, indices: Tensor) -> Tensor:
        """The pictures at `indices` (n,)."""
        pictures = self.held.batch(indices).permute(0, 2, 3, 1)
        if (fresh := self._fresh[indices]).any():
            wrong = fresh & (checksums(pictures) != self.found.sums[indices])
            self._fresh[indices] = wrong
            for row in wrong.nonzero()[:, 0].tolist():
                i = int(indices[row])
                with suppress(OSError):  # a read-only folder
                    self.found.files[int(self.found.places[i, 0])].unlink(missing_ok=True)
                pictures[row] = self.preprocessing.load(self.dataset.source(i)).permute(1, 2, 0)
        return pictures.permute(0, 3, 1, 2)

    def batches(self, wanted: Iterable[Tensor]) -> Iterator[Tensor]:
        """One batch for each of `wanted`, in order."""
        return map(self.batch, wanted)


@dataclass
class Streamed:
    """Pictures decoded for each use, one batch ahead of the step."""

    dataset: Dataset
    preprocessing: Preprocessing
    workers: int
    labels: Tensor
    note: str = ""
    _pool: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="decode")

    def __len__(self) -> int:
        return len(self.dataset)

    def batch(self, indices: Tensor) -> Tensor:
        """The pictures at `indices` (n,)."""
        return _stacked(self._begin(indices))

    def batches(self, wanted: Iterable[Tensor]) -> Iterator[Tensor]:
        """One batch for each of `wanted`, in order; the next is decoded meanwhile."""
        every = list(wanted)
        ahead = Ahead(self.dataset, every)
        ahead.begin(0)
        waiting = iter(every)
        begun = [self._begin(indices) for indices in islice(waiting, 2)]
        try:
            for place in range(len(every)):
                ready = _stacked(begun.pop(0))
                ahead.begin(place)  # only now: its shards take the room of those that were read
                begun += [self._begin(indices) for indices in islice(waiting, 1)]
                yield ready
        finally:
            ahead.close()
            for future in chain.from_iterable(begun):
                future.cancel()

    def _begin(self, indices: Tensor) -> list[Future[Tensor]]:
        return [self._pool.submit(self.preprocessing.load, self.dataset.picture(i)) for i in indices.tolist()]


def _stacked(loading: list[Future[Tensor]]) -> Tensor:
    try:
        return torch.stack([future.result().permute(1, 2, 0) for future in loading]).permute(0, 3, 1, 2)
    except BaseException:
        for future in loading:
            future.cancel()
        raise


def load(dataset: Dataset, preprocessing: Preprocessing, *, cache: str = "auto", workers: int = 0, quiet: bool = False) -> Pictures:
    """The pictures of `dataset`, fitted by `preprocessing`, where `cache` says (`auto`, `memory`, `disk`, `off`).

    Raises UnreadableImage that names the files that cannot be read; none is left out or replaced. Without room for a
    cache, `auto` goes on in memory or by decoding each time, and `note` says why; `disk` raises ClearsightError.
    """
    if cache not in PLACES:
        raise unknown("cache", cache, PLACES)
    workers = workers or os.cpu_count() or 1
    labels = torch.from_numpy(dataset.labels)
    shape = (len(dataset), preprocessing.height, preprocessing.width, preprocessing.channels)
    size, n = int(np.prod(shape)), f"{len(dataset):,} pictures"
    why = ""
    if dataset.pictures is not None:
        return Held([_fit_arrays(dataset.pictures, preprocessing)], labels, f"{n} in memory ({_megabytes(size)})")
    if cache != "off":
        spare_few(dataset)
    if len(dataset) and cache in ("auto", "disk"):
        try:
            found = stored(dataset, preprocessing, lambda part, into: _decode_all(part, preprocessing, workers, quiet, into))
            note = f"{n} decoded once into {cache_folder()} ({_megabytes(size)}; safe to delete){found.note}"
            return Checked(Held(found.tensors, labels, note, found.places), found, dataset, preprocessing)
        except OSError as error:
            why = f"; no cache under {cache_folder()}: {error.strerror or error}"
            if cache == "disk":
                raise ClearsightError(f"cannot keep decoded pictures under {cache_folder()}: {error.strerror or error}.") from error
    if cache == "memory" or (cache != "off" and size <= IN_MEMORY):
        tensor = torch.empty(shape, dtype=torch.uint8)
        _decode_all(dataset, preprocessing, workers, quiet, tensor)
        return Held([tensor], labels, f"{n} decoded into memory ({_megabytes(size)}){why}")
    return Streamed(dataset, preprocessing, workers, labels, f"{n}, decoded each time by {workers} threads{why}")


def _fit_arrays(pictures: np.ndarray, preprocessing: Preprocessing) -> Tensor:
    fitted = torch.empty((len(pictures), preprocessing.height, preprocessing.width, preprocessing.channels), dtype=torch.uint8)
    for start in range(0, len(pictures), 4096):
        batch = as_batch(eight_bits(pictures[start : start + 4096], preprocessing), preprocessing.channels)
        fitted[start : start + 4096] = preprocessing.fit_batch(batch).permute(0, 2, 3, 1)
    return fitted


def eight_bits(pictures: np.ndarray, preprocessing: Preprocessing) -> np.ndarray:
    """Arrays `(N, H, W)` or `(N, H, W, C)` of any type as uint8 with the bands that `preprocessing` reads; raises UsageError for others."""
    if preprocessing.bands and pictures.ndim == 4 and pictures.shape[3] not in (1, 3):
        pictures = np.ascontiguousarray(pictures[..., [band - 1 for band in preprocessing.bands]])
    n, channels = pictures.shape[3] if pictures.ndim == 4 else 1, preprocessing.channels
    if n != channels and not {n, channels} <= {1, 3}:
        raise UsageError(f"the pictures have {n} bands, and {channels} are wanted; --bands chooses which are read, as in --bands 3,2,1.")
    return pictures if pictures.dtype == np.uint8 else to_levels(pictures, preprocessing.reading, "the array of pictures")


def as_batch(pictures: np.ndarray, channels: int) -> Tensor:
    """Arrays uint8 `(N, H, W)` or `(N, H, W, C)` as a tensor `(N, channels, H, W)`, equal to `images.decode` picture by picture."""
    if channels == 1 and pictures.ndim == 4 and pictures.shape[3] == 3:
        return torch.from_numpy(_grey(pictures))[:, None]
    if channels == 1 and pictures.ndim == 4 and pictures.shape[3] > 1:
        pictures = pictures.mean(3).round().astype(np.uint8)
    batch = torch.from_numpy(pictures if pictures.flags.writeable else pictures.copy())
    batch = batch[:, None] if batch.ndim == 3 else batch.permute(0, 3, 1, 2)
    if batch.shape[1] < channels:
        return batch.expand(-1, channels, -1, -1)
    return batch


def _grey(pictures: np.ndarray) -> np.ndarray:
    """Pictures uint8 `(N, H, W, 3)` as `(N, H, W)`, with the weights and the rounding of Pillow's "L"."""
    # integers below 2²⁴ are exact in float32, which takes a third of the time of integers
    sums = pictures.reshape(-1, 3).astype(np.float32) @ np.array((19595, 38470, 7471), np.float32)
    return ((sums + 0x8000) / 65536).astype(np.uint8).reshape(pictures.shape[:3])


def _decode_all(dataset: Dataset, preprocessing: Preprocessing, workers: int, quiet: bool, into: Tensor) -> None:
    failures: dict[int, UnreadableImage] = {}

    def some(start: int) -> None:
        for i in range(start, min(start + GROUP, len(dataset))):
            try:
                into[i] = preprocessing.load(dataset.picture(i)).permute(1, 2, 0)
            except UnreadableImage as error:
                failures[i] = error

    with Progress("decode", len(dataset), quiet=quiet) as progress, ThreadPoolExecutor(workers, thread_name_prefix="decode") as pool:
        for start in range(0, len(dataset), CHUNK):
            stop = min(start + CHUNK, len(dataset))
            _all(pool, some, range(start, stop, GROUP))
            progress.update(stop - start)
    if failures:
        first, *others = (failures[i] for i in sorted(failures))
        named = listed([dataset.names[i] for i in sorted(failures)[1:]])
        more = f" ({len(others)} more; `clearsight check` has their reasons: {named})" if others else ""
        raise UnreadableImage(first.source, f"{first.reason}{more}")


def _all(pool: ThreadPoolExecutor, work: Callable[[int], None], items: Sequence[int]) -> None:
    futures = [pool.submit(work, item) for item in items]
    try:
        for future in futures:
            future.result()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)  # Ctrl-C: wait for the pictures in hand, not for the queue
        raise


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.1f} MB"
