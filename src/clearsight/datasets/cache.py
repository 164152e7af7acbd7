"""Cache of decoded pictures on disk, in immutable files.

The key of a picture is made of its file (path, size, times, inode), the decoder and the preprocessing only, so that any part, split,
seed or data set finds it in any file of the cache; missing pictures are decoded into one new file. The least recently used files are
removed to make room. The folder is readable by its owner only, as the pictures may be private. Each picture has a checksum,
compared at its first use; damaged pictures are decoded again.
"""

import hashlib
import os
import platform
import re
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ..base.files import cache_folder, digest, private_folder
from ..base.room import limit, make_room
from ..images import jpeg
from ..images.preprocess import Preprocessing
from .dataset import Dataset
from .facts import state_of

VERSION = 4
KEY, SUM = 16, 8  # bytes
NAME = re.compile(r"[0-9a-f]{12}-[0-9a-f]{16}-([0-9]{1,15})\.pictures")  # kind, digest of the keys, number; other files are left alone
Keys = NDArray[np.bytes_]
HERE = platform.node().partition(".")[0]  # a home folder may be shared by many machines


@dataclass
class Stored:
    """The pictures of a data set in the cache: mapped tensors uint8 `(n, H, W, C)`, and `places` int64 (N, 2), tensor and row of each.

    `sums` int64 (N,) are the expected checksums; `note` is a message for the user.
    """

    tensors: list[Tensor]
    places: Tensor
    sums: Tensor
    files: list[Path]
    note: str = ""


@dataclass
class File:
    """A file of the cache: keys (n,), checksums int64 (n,), and its pictures, mapped, uint8 `(n, row)`."""

    path: Path
    keys: Keys
    sums: NDArray[np.int64]
    pictures: Tensor


def stored(dataset: Dataset, preprocessing: Preprocessing, decode: Callable[[Dataset, Tensor], None]) -> Stored:
    """The pictures of `dataset` in the cache; `decode` fills a tensor `(n, H, W, C)` with the missing ones.

    Raises OSError without room or permission to write, UsageError for a limit that is not a number.
    """
    folder = private_folder(cache_folder() / "pictures")
    p = preprocessing
    row = p.height * p.width * p.channels
    fit = f"{p.fit} {p.crop_fraction} {p.border if p.fit == 'pad' else ''}"
    size = f"{p.channels} {p.height} {p.width}"
    kind = digest(f"{VERSION} {jpeg.decoder()} {size} {fit} {p.interpolation} {p.antialias} {p.reading}".encode())[:12]
    wanted = _keys(dataset)
    files = [file for path in sorted(folder.glob(f"{kind}-*")) if (file := _mapped(path, row))]
    places = _places([file.keys for file in files], wanted)
    missing = np.flatnonzero(places[:, 0] < 0)
    note = ""
    if len(missing):
        missing = missing[np.sort(np.unique(wanted[missing], return_index=True)[1])]  # a table may list a file twice
        note = make_room(folder, len(missing) * (KEY + SUM + row), NAME, {files[k].path for k in np.unique(places[:, 0]) if k >= 0})
        path = folder / f"{kind}-{digest(wanted[missing].tobytes())[:16]}-{len(missing)}.pictures"
        _write(path, wanted[missing], row, lambda into: decode(dataset.subset(missing), into.view(-1, p.height, p.width, p.channels)))
        if not (file := _mapped(path, row)):
            raise OSError(f"{path.name} was removed by another process")
        files.append(file)
        places = _places([file.keys for file in files], wanted)
    used = np.unique(places[:, 0])
    chosen = [files[k] for k in used]
    places[:, 0] = np.searchsorted(used, places[:, 0])
    sums = np.empty(len(wanted), np.int64)
    for k, file in enumerate(chosen):
        sums[places[:, 0] == k] = file.sums[places[places[:, 0] == k, 1]]
        with suppress(OSError):  # removed meanwhile; it stays mapped
            os.utime(file.path)
    tensors = [file.pictures.view(-1, p.height, p.width, p.channels) for file in chosen]
    seals = torch.from_numpy(sums - _seals(wanted))
    return Stored(tensors, torch.from_numpy(places), seals, [file.path for file in chosen], note)


def checksums(pictures: Tensor) -> Tensor:
    """Checksums int64 (n,) of contiguous pictures uint8 `(n, H, W, C)`: words of 8 bytes times odd numbers, summed modulo 2⁶⁴.

    A change within 8 bytes is always detected, any other with probability 1 − 2⁻⁶³; the speed is that of reading memory.
    """
    rows = pictures.view(len(pictures), -1)
    if short := -rows.shape[1] % 8:
        rows = F.pad(rows, (0, short))
    words = rows.view(torch.int64)
    return words @ _factors(words.shape[1])


@lru_cache(maxsize=4)
def _factors(words: int) -> Tensor:
    """Odd numbers int64 (words,), which must never change."""
    stream = np.frombuffer(hashlib.shake_128(b"clearsight pictures").digest(8 * words), "<i8")
    return torch.from_numpy(stream | 1)


def _seals(keys: Keys) -> NDArray[np.int64]:
    """A summand per key for the checksum of its picture, so that another picture in its place, or zeros, are detected."""
    return np.frombuffer(keys.tobytes(), "<i8")[::2].copy()


def _keys(dataset: Dataset) -> Keys:
    """The keys (N,) of pictures: path, size, times and inode of a file; those of a shard, and the place in it.

    A program that replaces a file, or writes to it, can reset its modification time (mtime), but not its status change time (ctime).
    """
    keys = bytearray()
    for i in range(len(dataset)):
        fact = state_of(dataset.source(i))
        keys += hashlib.blake2b(fact.encode("utf-8", "surrogateescape"), digest_size=KEY).digest()
    return np.frombuffer(bytes(keys), f"S{KEY}")


def _places(files: list[Keys], wanted: Keys) -> NDArray[np.int64]:
    """File number and row of every wanted key, int64 (N, 2), both -1 for a key in no file."""
    places = np.full((len(wanted), 2), -1)
    for number, keys in enumerate(files):
        if len(keys):
            order = np.argsort(keys)
            rows = order[np.searchsorted(keys, wanted, sorter=order).clip(max=len(keys) - 1)]
            found = keys[rows] == wanted
            places[found, 0], places[found, 1] = number, rows[found]
    return places


def _mapped(path: Path, row: int) -> File | None:
    """A file of the cache; None for another kind of file, a truncated or an unreadable one."""
    name = NAME.fullmatch(path.name)
    try:
        if not name or not path.is_file() or path.stat().st_size != (n := int(name[1])) * (KEY + SUM + row):
            return None
        whole = np.memmap(path, np.uint8, "r")
    except (OSError, ValueError):  # ValueError: it is empty
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # torch warns about read-only memory; it is never written here
        pictures = torch.from_numpy(whole[n * (KEY + SUM) :]).view(n, row)
    keys, sums = whole[: n * KEY].tobytes(), whole[n * KEY : n * (KEY + SUM)].tobytes()
    return File(path, np.frombuffer(keys, f"S{KEY}"), np.frombuffer(sums, "<i8"), pictures)


def _write(path: Path, keys: Keys, row: int, fill: Callable[[Tensor], None]) -> None:
    _sweep(path.parent)
    temporary = path.with_suffix(f".{HERE}.{os.getpid()}.tmp")
    try:
        _reserve(temporary, size := len(keys) * (KEY + SUM + row))
        mapped = np.memmap(temporary, np.uint8, "r+", shape=(size,))
        pictures = torch.from_numpy(mapped)[len(keys) * (KEY + SUM) :]
        fill(pictures)
        sums = torch.cat([checksums(some.view(len(some), 1, 1, row)) for some in pictures.view(-1, row).split(256)])
        head = keys.tobytes() + (sums.numpy() + _seals(keys)).astype("<i8").tobytes()
        mapped[: len(head)] = np.frombuffer(head, np.uint8)
        mapped.flush()
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _reserve(path: Path, size: int) -> None:
    """An empty file of `size` bytes, readable by its owner only; allocated at once, so that a full disk is an error and not a crash."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    try:
        os.ftruncate(handle, size)
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(handle, 0, size)
    finally:
        os.close(handle)


def _sweep(folder: Path) -> None:
    """Remove unfinished files of killed processes of this machine."""
    for path in folder.glob(f"*.{HERE}.*.tmp"):
        number = path.stem.rpartition(".")[2]
        if number.isdecimal() and os.name == "posix":  # signal 0 only tests on POSIX
            try:
                os.kill(int(number), 0)
            except ProcessLookupError:
                path.unlink(missing_ok=True)
            except OSError:  # alive, under another user
                continue


def room() -> float:
    """Bytes of decoded pictures that the cache may hold, those that it holds included; raises UsageError for a limit that is no number."""
    folder = private_folder(cache_folder() / "pictures")
    held = sum(path.stat().st_size for path in folder.iterdir() if NAME.fullmatch(path.name) and path.is_file())
    return limit(folder, held)
