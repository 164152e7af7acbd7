"""Identity of pictures: a digest of their pixels, independent of the file and its name.

For a JPEG above a megapixel it is a digest of the coded data without metadata, because decoding a large photograph completely takes
longer than training on it at the usual size. So a large JPEG saved losslessly in another format counts as another picture.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import ClearsightError, UnreadableImage
from ..base.progress import Progress
from ..images.decode import decode, picture_facts, stored
from ..images.deep import OLD
from .dataset import Dataset, Parts
from .facts import SIZE, Digests, digest, files, keep, kept_at, recalled
from .shards.reading import Span

LARGE = 2**20  # px
VERSION = b"1"
ROW = np.dtype([("key", f"S{SIZE}"), ("digest", f"S{SIZE}")])
MAX_BYTES = 2**30  # larger files are not read as pictures
MAX_HELD_EACH, MAX_HELD = 2**16, 2**27  # bytes up to which decoded pictures are kept for the next reader
_CHUNK = 256
_GREY_STEP = 8
_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG"
_HEAD = 2**12  # bytes in which a PNG names its profile
_DARK = 16  # grey levels; below it 10 or 12 bits stored in 16 keep too few for pictures to differ
_SCAN, _EXIF, _ADOBE, _COMMENT = 0xDA, 0xE1, 0xEE, 0xFE


def pixel_digest(picture: NDArray[Any]) -> bytes:
    """The digest of a picture, uint8 `(H, W)` or `(H, W, C)`: of its size and pixels; grey stored as colour is grey."""
    if picture.ndim == 3 and _grey(picture):
        picture = picture[:, :, 0]
    return digest(repr(picture.shape).encode(), np.ascontiguousarray(picture).data)


def file_digest(source: str | Span) -> tuple[bytes, NDArray[np.uint8] | None]:
    """The digest of the picture in a file or a shard, and its pixels if they were decoded and do not depend on the size they are read at.

    A file that is not a picture has the digest of its bytes.
    """
    name = os.fsencode(source.state if isinstance(source, Span) else source)
    try:
        if (data := content(source)) is None:
            return digest(b"no picture", name), None
    except (OSError, ClearsightError):
        return digest(b"unreadable", name), None
    return data_digest(data)


def picture_digest(source: Any) -> bytes:
    """The digest of the picture at a path, in a shard or in an array: what `identified` gives it."""
    return pixel_digest(source) if isinstance(source, np.ndarray) else file_digest(_plain(source))[0]


def content(source: str | Path | Span, most: int = 0) -> bytes | None:
    """The bytes of a picture; None for those of no regular file, or more than `most` (MAX_BYTES, if not given)."""
    most = most or MAX_BYTES
    if isinstance(source, Span):
        return source.read() if source.length <= most else None
    status = os.stat(source)
    if not stat.S_ISREG(status.st_mode) or status.st_size > most:
        return None
    with open(source, "rb") as file:
        return file.read()


def data_digest(data: bytes) -> tuple[bytes, NDArray[np.uint8] | None]:
    """As `file_digest`, of the bytes of a file."""
    try:
        if data[:3] != _JPEG:
            return _of_file(data)
        facts = picture_facts(data)
        if facts.width * facts.height > LARGE:
            return digest(f"jpeg {facts.width} {facts.height}".encode(), *_coded(data)), None
        return pixel_digest(decode(data, reading=OLD)), None
    except UnreadableImage:
        return digest(b"bytes", data), None


def _of_file(data: bytes) -> tuple[bytes, NDArray[np.uint8] | None]:
    """The digest of a picture that is no JPEG, and its pixels where they are those of every way of reading.

    It is that of earlier versions, without colour profile and with the usual white; of several bands and dark 16 bits it is of all values.
    """
    simple = data[:4] in (_PNG, b"GIF8") or data[:2] == b"BM"  # these have no further bands: their header is not read twice
    if not simple and "×" in picture_facts(data).mode:
        return pixel_digest(decode(data)), None
    picture = decode(data, reading=OLD)
    if picture.max() < _DARK and (values := stored(data)) is not None:
        return pixel_digest(values), None
    plain = simple and (data[:4] != _PNG or (data[24] <= 8 and b"iCCP" not in data[:_HEAD]))
    return pixel_digest(picture), picture if plain else None


def identified(parts: Parts, *, quiet: bool = False) -> Parts:
    """`parts` with the digest of every picture; each file is read once, and digests are cached.

    Unreadable files raise nothing here, only where their pictures are used.
    """
    wanted = {part: dataset for part, dataset in parts.parts.items() if dataset.digests is None}
    arrays = {part: replace(data, digests=_of_arrays(data.pictures)) for part, data in wanted.items() if data.pictures is not None}
    files = {part: data for part, data in wanted.items() if part not in arrays}
    return replace(parts, parts={**parts.parts, **arrays, **_of_files(files, quiet)}) if wanted else parts


def set_digest(digests: Digests) -> str:
    """The digest of a set of pictures, independent of their order."""
    return hashlib.sha256(np.sort(digests).tobytes()).hexdigest()


def _grey(picture: NDArray[Any]) -> bool:
    """Whether all channels are equal; a few pixels decide for most colour pictures."""
    some = picture[::_GREY_STEP, ::_GREY_STEP]
    return bool((some == some[:, :, :1]).all() and (picture == picture[:, :, :1]).all())


def _coded(data: bytes) -> Iterator[bytes]:
    """The parts of a JPEG file that decide its pixels: tables, scans, Adobe's colour transform and orientation, but no other metadata."""
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] != _SCAN:
        kind, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        if not (0xE0 <= kind < 0xF0 or kind == _COMMENT) or kind == _ADOBE:
            yield data[place : place + 2 + length]
        place += 2 + length
    yield data[place:]


def _of_arrays(pictures: NDArray[np.uint8]) -> Digests:
    return np.array([pixel_digest(picture) for picture in pictures], dtype=f"S{SIZE}").reshape(len(pictures))


def _of_files(datasets: dict[str, Dataset], quiet: bool) -> dict[str, Dataset]:
    """Data sets of files, with digests added."""
    sources = [_plain(data.source(i)) for data in datasets.values() for i in range(len(data))]
    if not sources:
        return {part: replace(data, digests=np.empty(0, f"S{SIZE}")) for part, data in datasets.items()}
    digests, held = _digests(sources, quiet)
    made, first = {}, 0
    for part, data in datasets.items():
        rows = slice(first, first + len(data))
        made[part] = replace(data, digests=digests[rows], decoded=held[rows])
        first += len(data)
    return made


def _plain(source: Any) -> str | Span:
    return source if isinstance(source, Span) else os.path.abspath(source)


def _digests(sources: list[str | Span], quiet: bool) -> tuple[Digests, NDArray[np.object_]]:
    """Digests `(N,)` from the cache or the files, and small pictures that were decoded for them, None for the others."""
    found = files(sources)
    memory = kept_at("digests", found.name, "digests")
    rows, known = recalled(memory, found.keys, ROW, VERSION)
    held, missing, room = np.full(len(sources), None, dtype=object), np.flatnonzero(~known), MAX_HELD

    def read(row: int) -> None:
        nonlocal room
        rows["digest"][row], picture = file_digest(sources[row])
        if picture is not None and picture.nbytes <= min(MAX_HELD_EACH, room):
            held[row] = picture
            room -= picture.nbytes

    with Progress("identify", len(missing), quiet=quiet) as progress, ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(missing), _CHUNK):
            some = missing[start : start + _CHUNK].tolist()
            list(pool.map(read, some))
            progress.update(len(some))
    if len(missing):
        keep(memory, rows, VERSION)
    return rows["digest"], held
