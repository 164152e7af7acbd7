"""Decoded pictures on disk, in files that never change once they are there.

A picture has a key made of its file (path, size, time) and of how it is fitted, and nothing else: whatever part, split, seed or set
asks for it finds it in whichever file it is, and only what is in none is decoded, into one new file. What has not been
used for longest makes room.
"""

import hashlib
import os
import platform
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..base.errors import UsageError
from ..base.files import cache_folder, digest
from ..images.preprocess import Preprocessing
from .dataset import Dataset

DISK_SHARE = 0.5  # of what would be free without the cache
LIMIT = "CLEARSIGHT_CACHE_GB"
VERSION = 3
KEY = 16  # bytes
Keys = NDArray[np.bytes_]
HERE = platform.node().partition(".")[0]  # a home folder may be shared by many machines


@dataclass
class Stored:
    """Where the pictures of a data set are: mapped tensors uint8 `(n, H, W, C)`, `places` int64 (N, 2) their number and row, and a note."""

    tensors: list[Tensor]
    places: Tensor
    note: str = ""


def stored(dataset: Dataset, preprocessing: Preprocessing, decode: Callable[[Dataset, Tensor], None]) -> Stored:
    """The pictures of `dataset` in the cache; `decode` fills a tensor `(n, H, W, C)` with those that it lacks.

    Raises OSError where there is no room or no right to write, UsageError for a limit that is no number.
    """
    folder = cache_folder() / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    p = preprocessing
    row = p.height * p.width * p.channels
    fit = f"{p.fit} {p.crop_fraction} {p.border if p.fit == 'pad' else ''}"
    kind = digest(f"{VERSION} {p.channels} {p.height} {p.width} {fit} {p.interpolation} {p.antialias}".encode())[:12]
    wanted = _keys(dataset)
    paths = sorted(folder.glob(f"{kind}-*.pictures"))
    mapped = [_mapped(path, row) for path in paths]
    places = _places([keys for keys, _ in mapped], wanted)
    missing = np.flatnonzero(places[:, 0] < 0)
    note = ""
    if len(missing):
        missing = missing[np.sort(np.unique(wanted[missing], return_index=True)[1])]  # a file may be in a table twice
        note = _make_room(folder, len(missing) * (row + KEY), {paths[k] for k in np.unique(places[:, 0]) if k >= 0})
        path = folder / f"{kind}-{digest(wanted[missing].tobytes())[:16]}-{len(missing)}.pictures"
        _write(path, wanted[missing], row, lambda into: decode(dataset.subset(missing), into.view(-1, p.height, p.width, p.channels)))
        paths.append(path)
        mapped.append(_mapped(path, row))
        places = _places([keys for keys, _ in mapped], wanted)
    used = np.unique(places[:, 0])
    places[:, 0] = np.searchsorted(used, places[:, 0])
    for k in used:
        os.utime(paths[k])
    tensors = [mapped[k][1].view(-1, p.height, p.width, p.channels) for k in used]
    return Stored(tensors, torch.from_numpy(places), note)


def _keys(dataset: Dataset) -> Keys:
    """What a decoded picture depends on besides its fit, (N,): its file's path, size and time."""
    keys = bytearray()
    for i in range(len(dataset)):
        path = os.fspath(dataset.source(i))  # type: ignore[arg-type]
        try:
            status = os.stat(path)
            fact = f"{os.path.abspath(path)} {status.st_size} {status.st_mtime_ns}"
        except OSError:
            fact = path  # decoding it will say why
        keys += hashlib.blake2b(fact.encode("utf-8", "surrogateescape"), digest_size=KEY).digest()
    return np.frombuffer(bytes(keys), f"S{KEY}")


def _places(files: list[Keys], wanted: Keys) -> NDArray[np.int64]:
    """File number and row of every wanted key, int64 (N, 2), both -1 where it is in no file."""
    places = np.full((len(wanted), 2), -1)
    for number, keys in enumerate(files):
        if len(keys):
            order = np.argsort(keys)
            rows = order[np.searchsorted(keys, wanted, sorter=order).clip(max=len(keys) - 1)]
            found = keys[rows] == wanted
            places[found, 0], places[found, 1] = number, rows[found]
    return places


def _mapped(path: Path, row: int) -> tuple[Keys, Tensor]:
    """Keys (n,) and pictures (n, row) of a file; none where it has been cut."""
    n = int(path.stem.rpartition("-")[2])
    if path.stat().st_size != n * (KEY + row):
        return np.empty(0, f"S{KEY}"), torch.empty(0, row, dtype=torch.uint8)
    whole = np.memmap(path, np.uint8, "r")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # torch would rather have memory that can be written; nobody writes here
        pictures = torch.from_numpy(whole[n * KEY :]).view(n, row)
    return np.frombuffer(whole[: n * KEY].tobytes(), f"S{KEY}"), pictures


def _write(path: Path, keys: Keys, row: int, fill: Callable[[Tensor], None]) -> None:
    _sweep(path.parent)
    temporary = path.with_suffix(f".{HERE}.{os.getpid()}.tmp")
    try:
        mapped = np.memmap(temporary, np.uint8, "w+", shape=(len(keys) * (KEY + row),))
        with temporary.open("r+b") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, mapped.nbytes)  # a full disk is an error now, not a crash later
        fill(torch.from_numpy(mapped)[keys.nbytes :])
        mapped[: keys.nbytes] = np.frombuffer(keys.tobytes(), np.uint8)
        mapped.flush()
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


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


def _make_room(folder: Path, size: int, needed: set[Path]) -> str:
    """Remove the files used longest ago, but none that is needed, until `size` more bytes are within the limit; one line on it."""
    sizes = {path: path.stat() for path in folder.iterdir() if path.suffix != ".tmp"}
    held = sum(status.st_size for status in sizes.values())
    limit = _limit(folder, held)
    oldest = sorted(sizes.keys() - needed, key=lambda path: sizes[path].st_mtime_ns)
    gone: list[Path] = []
    while held + size > limit and len(gone) < len(oldest):
        gone.append(oldest[len(gone)])
        held -= sizes[gone[-1]].st_size
    if held + size > limit:
        raise OSError(f"no room for {size / 1e9:,.2f} GB more, the limit is {limit / 1e9:,.2f} GB ({LIMIT} sets it)")
    for path in gone:
        path.unlink(missing_ok=True)
    freed = sum(sizes[path].st_size for path in gone)
    return f"; {len(gone)} files unused for longest ({freed / 1e9:,.2f} GB) made room, the limit is {limit / 1e9:,.2f} GB" if gone else ""


def _limit(folder: Path, held: int) -> float:
    text = os.environ.get(LIMIT, "")
    if not text:
        return DISK_SHARE * (shutil.disk_usage(folder).free + held)
    try:
        limit = float(text) * 1e9
    except ValueError:
        limit = -1.0
    if not 0 <= limit < float("inf"):
        raise UsageError(f"{LIMIT} must be a number of gigabytes for decoded pictures, 0 or more. Got {text!r}.")
    return limit
