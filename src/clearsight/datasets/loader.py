"""Pictures on their way to a network: decoded once, fitted once, batched by indexing.

Small sets live in memory as ONE uint8 tensor. Picture files are decoded by threads (Pillow lets go of the interpreter
while it decodes, and a million paths are held once, not once per worker) into a memory-mapped cache, so that later
epochs and runs never decode again; what fits nowhere is decoded as it is needed, ahead of the step that needs it.
"""

import os
import platform
import shutil
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ..base.errors import ClearsightError, UnreadableImage, unknown
from ..base.files import cache_folder, digest
from ..base.progress import Progress
from ..images.preprocess import Preprocessing
from .dataset import Dataset

PLACES = ("auto", "memory", "disk", "off")
IN_MEMORY = 512 * 2**20  # bytes up to which files are kept in memory rather than in a cache file
DISK_SHARE = 0.5  # of what is free
CHUNK = 256
VERSION = 2
HERE = platform.node().partition(".")[0]  # a home folder may be shared by many machines


class Pictures(Protocol):
    """Fitted pictures by index: uint8 `(n, C, H, W)` batches, int64 labels `(N,)`, and a line that says where they live."""

    labels: Tensor
    note: str

    def __len__(self) -> int:
        """How many pictures there are."""
        ...

    def batch(self, indices: Tensor) -> Tensor:
        """The pictures at `indices` (n,)."""
        ...

    def batches(self, wanted: Iterable[Tensor]) -> Iterator[Tensor]:
        """One batch for each of `wanted`, in order."""
        ...


@dataclass
class Held:
    """Pictures in a tensor, in memory or mapped from a file, uint8 `(N, C, H, W)`."""

    tensor: Tensor
    labels: Tensor
    note: str = ""

    def __len__(self) -> int:
        return len(self.tensor)

    def batch(self, indices: Tensor) -> Tensor:
        """The pictures at `indices` (n,)."""
        return self.tensor[indices]

    def batches(self, wanted: Iterable[Tensor]) -> Iterator[Tensor]:
        """One batch for each of `wanted`, in order."""
        return map(self.batch, wanted)


@dataclass
class Streamed:
    """Pictures decoded each time they are needed, one batch ahead of the step."""

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
        waiting = iter(wanted)
        begun = [self._begin(indices) for indices in islice(waiting, 2)]
        try:
            while begun:
                ready = _stacked(begun.pop(0))
                begun += [self._begin(indices) for indices in islice(waiting, 1)]
                yield ready
        finally:
            for future in chain.from_iterable(begun):
                future.cancel()

    def _begin(self, indices: Tensor) -> list[Future[Tensor]]:
        return [self._pool.submit(self.preprocessing.load, self.dataset.source(i)) for i in indices.tolist()]


def _stacked(loading: list[Future[Tensor]]) -> Tensor:
    try:
        return torch.stack([future.result() for future in loading])
    except BaseException:
        for future in loading:
            future.cancel()
        raise


def load(dataset: Dataset, preprocessing: Preprocessing, *, cache: str = "auto", workers: int = 0, quiet: bool = False) -> Pictures:
    """The pictures of `dataset`, fitted by `preprocessing`, where `cache` says (`auto`, `memory`, `disk`, `off`).

    Raises UnreadableImage for the first file that cannot be read; none is left out or replaced. Without room for a
    cache, `auto` goes on in memory or by decoding each time, and `note` says why; `disk` raises ClearsightError.
    """
    if cache not in PLACES:
        raise unknown("cache", cache, PLACES)
    workers = workers or os.cpu_count() or 1
    labels = torch.from_numpy(dataset.labels)
    shape = (len(dataset), preprocessing.channels, preprocessing.height, preprocessing.width)
    size = int(np.prod(shape))
    if dataset.pictures is not None:
        return Held(_fit_arrays(dataset.pictures, preprocessing), labels, f"{len(dataset):,} pictures in memory ({_megabytes(size)})")
    place, why = (cache, "") if cache != "auto" else _place(size)
    if place == "disk":
        try:
            path = _cached(dataset, preprocessing, shape, workers, quiet)
            note = f"{len(dataset):,} pictures decoded once into {path} ({_megabytes(size)}; safe to delete)"
            return Held(_mapped(path), labels, note)
        except OSError as error:
            if cache == "disk":
                raise ClearsightError(f"cannot keep decoded pictures under {cache_folder()}: {error.strerror or error}.") from error
            place, why = _without_disk(size), f"; no cache under {cache_folder()}: {error.strerror or error}"
    if place == "memory":
        tensor = torch.empty(shape, dtype=torch.uint8)
        _decode_all(dataset, preprocessing, workers, quiet, tensor)
        return Held(tensor, labels, f"{len(dataset):,} pictures decoded into memory ({_megabytes(size)}){why}")
    return Streamed(dataset, preprocessing, workers, labels, f"{len(dataset):,} pictures, decoded each time by {workers} threads{why}")


def _fit_arrays(pictures: np.ndarray, preprocessing: Preprocessing) -> Tensor:
    fitted = torch.empty((len(pictures), preprocessing.channels, preprocessing.height, preprocessing.width), dtype=torch.uint8)
    for start in range(0, len(pictures), 4096):
        fitted[start : start + 4096] = preprocessing.fit_batch(as_batch(pictures[start : start + 4096], preprocessing.channels))
    return fitted


def as_batch(pictures: np.ndarray, channels: int) -> Tensor:
    """Arrays uint8 `(N, H, W)` or `(N, H, W, C)` as a tensor `(N, channels, H, W)`, equal to `images.decode` picture by picture."""
    batch = torch.from_numpy(pictures if pictures.flags.writeable else pictures.copy())
    batch = batch[:, None] if batch.ndim == 3 else batch.permute(0, 3, 1, 2)
    if batch.shape[1] < channels:
        return batch.expand(-1, channels, -1, -1)
    if batch.shape[1] > channels:  # the weights and the rounding of Pillow's "L"
        red, green, blue = batch.int().unbind(1)
        return ((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16).to(torch.uint8)[:, None]
    return batch


def _place(size: int) -> tuple[str, str]:
    """Where decoded pictures of `size` bytes go: a file if the disk has room, so that the next run starts at once."""
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if size <= DISK_SHARE * shutil.disk_usage(folder).free and os.access(folder, os.W_OK):
            return "disk", ""
    except OSError as error:
        return _without_disk(size), f"; no cache under {folder}: {error.strerror or error}"
    return _without_disk(size), f"; no room for a cache of {_megabytes(size)} under {folder}"


def _without_disk(size: int) -> str:
    return "memory" if size <= IN_MEMORY else "off"


def _mapped(path: Path) -> Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # torch would rather have memory that can be written; nobody writes here
        return torch.from_numpy(np.load(path, mmap_mode="r"))


def _cached(dataset: Dataset, preprocessing: Preprocessing, shape: tuple[int, ...], workers: int, quiet: bool) -> Path:
    path = cache_folder() / "pictures" / f"{_key(dataset, preprocessing)}.npy"
    if path.is_file():
        with suppress(OSError, ValueError):
            known = np.load(path, mmap_mode="r")
            if known.shape == shape and known.dtype == np.uint8:
                return path
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path.parent)
    temporary = path.with_suffix(f".{HERE}.{os.getpid()}.tmp")
    try:
        mapped = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
        with temporary.open("r+b") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, temporary.stat().st_size)  # a full disk is an error now, not a crash later
        _decode_all(dataset, preprocessing, workers, quiet, torch.from_numpy(mapped))
        mapped.flush()
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _sweep(folder: Path) -> None:
    """Remove what killed processes of this machine were decoding into."""
    for path in folder.glob(f"*.{HERE}.*.tmp"):
        number = path.stem.rpartition(".")[2]
        if number.isdecimal() and os.name == "posix":  # elsewhere signal 0 is not a question
            try:
                os.kill(int(number), 0)
            except ProcessLookupError:
                path.unlink(missing_ok=True)
            except OSError:  # it lives, as another user
                continue


def _key(dataset: Dataset, preprocessing: Preprocessing) -> str:
    """What the decoded pictures depend on: every file's path, size and time, and the geometry (not the colour statistics)."""
    p = preprocessing
    facts = [f"{VERSION} {p.channels} {p.height} {p.width} {p.fit} {p.interpolation} {p.antialias} {p.mean if p.fit == 'pad' else ''}"]
    for i in range(len(dataset)):
        path = os.fspath(dataset.source(i))  # type: ignore[arg-type]
        try:
            status = os.stat(path)
            facts.append(f"{os.path.abspath(path)} {status.st_size} {status.st_mtime_ns}")
        except OSError:
            facts.append(path)
    return digest("\n".join(facts).encode("utf-8", "surrogateescape"))[:32]


def _decode_all(dataset: Dataset, preprocessing: Preprocessing, workers: int, quiet: bool, into: Tensor) -> None:
    failures: dict[int, UnreadableImage] = {}

    def one(i: int) -> None:
        try:
            into[i] = preprocessing.load(dataset.source(i))
        except UnreadableImage as error:
            failures[i] = error

    with Progress("decode", len(dataset), quiet=quiet) as progress, ThreadPoolExecutor(workers, thread_name_prefix="decode") as pool:
        for start in range(0, len(dataset), CHUNK):
            stop = min(start + CHUNK, len(dataset))
            _all(pool, one, range(start, stop))
            progress.update(stop - start)
    if failures:
        first = failures[min(failures)]
        more = f" ({len(failures) - 1} more; `clearsight check` names them all)" if len(failures) > 1 else ""
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
