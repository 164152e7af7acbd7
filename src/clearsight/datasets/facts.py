"""Facts of files kept in the cache: a row per file, found by a key of its path and state, so that a second look need not read the file.

The rows of one set of files are one file of the cache. It ends with a digest of the rows and of the settings that they were computed
with, so that a damaged one, or one of other settings, counts as empty and is written again. The least recently used files are removed
to make room.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import ClearsightError
from ..base.files import cache_folder, private_folder, write_pieces
from ..base.room import make_room
from .dataset import Dataset
from .shards.reading import Span

SIZE = 32  # hexadecimal digits of a digest: half of SHA-256
NAME = re.compile(r"[0-9a-f]{24}\.[a-z]+")
Digests = NDArray[np.bytes_]
Rows = NDArray[Any]


@dataclass(frozen=True)
class Files:
    """The `keys` bytes `(N,)` of files, and the `name` of what is kept of this set of files; '' keeps nothing."""

    keys: Digests
    name: str = ""

    def part(self, name: str, rows: slice | NDArray[np.int64]) -> "Files":
        """The files of `rows`, the part `name` of the set."""
        return Files(self.keys[rows], _named(self.name, name) if self.name else "")


def digest(*parts: bytes | memoryview) -> bytes:
    """The first `SIZE` digits of SHA-256 over `parts`, one after the other."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    return found.hexdigest()[:SIZE].encode()


def files(sources: Sequence[str | Span]) -> Files:
    """The `Files` at absolute paths or in shards, in their present state."""
    return _files(sources, len(sources))


def _files(sources: Iterable[str | Span], n: int) -> Files:
    """The `Files` of `n` sources, of which one at a time is held: the place of a picture in a shard takes as much memory as its print."""
    keys, first, last = np.zeros(n, f"S{SIZE}"), "", ""
    for row, source in enumerate(sources):
        home = source.shard.address if isinstance(source, Span) else source
        first, last = min(first or home, home), max(last, home)
        keys[row] = digest(os.fsencode(state_of(source)))
    return Files(keys, _named(os.path.commonpath([first, last])) if n else "")


def files_of(datasets: Iterable[Dataset]) -> Files:
    """The `Files` of data sets, one after the other; pictures in arrays have an empty key, and nothing is kept of them."""
    every = list(datasets)
    found = _files((source for data in every for source in _sources(data)), sum(len(data) for data in every if data.pictures is None))
    keys = np.zeros(sum(map(len, every)), f"S{SIZE}")
    keys[np.repeat([data.pictures is None for data in every], [len(data) for data in every])] = found.keys
    return Files(keys, found.name)


def _sources(data: Dataset) -> Iterator[str | Span]:
    """The absolute paths of the pictures, or their places in shards."""
    if data.spans is not None:
        yield from (data.source(i) for i in range(len(data)))  # type: ignore[misc]
    elif data.paths is not None:
        root = os.path.abspath(data.root) if data.root is not None else ""
        yield from (os.path.join(root, str(path)) for path in data.paths)


def _named(*words: str) -> str:
    return hashlib.sha256(os.fsencode("/".join(words))).hexdigest()[:24]


def state_of(source: Any) -> str:
    """A text that is the same only while a picture in a file or a shard is.

    A program that replaces a file can reset its modification time, but not its status change time.
    """
    if isinstance(source, Span):
        return source.state
    path = str(os.fspath(source))
    try:
        status = os.stat(path)
    except OSError:
        return path  # what reads it says the reason
    return f"{os.path.abspath(path)} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def kept_at(folder: str, name: str, kind: str) -> Path:
    """The file of the cache for rows of a `kind` of the files `name`."""
    return cache_folder() / folder / f"{name}.{kind}"


def recalled(place: Path, keys: Digests, row: np.dtype[Any], settings: bytes) -> tuple[Rows, NDArray[np.bool_]]:
    """Rows `(N,)` of the type `row` for `keys` from the file at `place`, zeros but the key where they are not known, and which are."""
    rows, known = np.zeros(len(keys), row), np.zeros(len(keys), bool)
    rows["key"] = keys
    try:
        data = place.read_bytes()
    except OSError:
        return rows, known
    body = memoryview(data)[: -SIZE or None]
    if not body or len(body) % row.itemsize or digest(settings, body) != data[-SIZE:]:
        return rows, known
    kept = np.frombuffer(body, row)
    places = np.arange(len(keys))
    if not np.array_equal(kept["key"], keys):  # a search among 100,000 takes half a second
        order = np.argsort(kept["key"])
        places = order[np.searchsorted(kept["key"], keys, sorter=order).clip(max=len(kept) - 1)]
    known = (kept["key"][places] == keys) & (keys != b"")
    rows[known] = kept[places[known]]
    with suppress(OSError):  # a read-only folder
        os.utime(place)
    return rows, known


def keep(place: Path, rows: Rows, settings: bytes) -> None:
    """Write `rows` at `place`; without room, or permission to write, they are computed again next time."""
    keep_pieces(place, [rows], len(rows), rows.dtype, settings)


def keep_pieces(place: Path, pieces: Iterable[Rows], n: int, row: np.dtype[Any], settings: bytes) -> None:
    """As `keep`, of `n` rows of the type `row` that come in pieces, each written before the next is made."""

    def parts() -> Iterator[memoryview | bytes]:
        found = hashlib.sha256(settings)
        for rows in pieces:
            data = np.ascontiguousarray(rows).view(np.uint8).data
            found.update(data)
            yield data
        yield found.hexdigest()[:SIZE].encode()

    with suppress(OSError, ClearsightError):
        make_room(private_folder(place.parent), n * row.itemsize + SIZE, NAME, {place})
        write_pieces(place, parts(), mode=0o600)
