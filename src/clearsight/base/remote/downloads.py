"""Whole remote files on the local disk: downloaded in blocks, once for all processes of a machine, within the limit of the cache.

A file is named after its address, size and version. Its blocks have checksums, compared at the first use by a process; a damaged copy is
downloaded again. An interrupted download continues with its next block. The folder is readable by its owner only.
"""

import hashlib
import os
import re
import time
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np

from ..errors import ClearsightError
from ..files import cache_folder, private_folder, put_in_place, remove, write_atomic
from ..lock import hold
from ..room import limit, make_room
from .address import shown
from .store import RemoteFile, StoreError, described, read

AT_ONCE = 16  # files that are worked on together, and as many that are downloaded meanwhile
BLOCK = 8 * 2**20  # bytes of a request: lost by a failure, and the memory of a download
NAME = re.compile(r"[0-9a-f]{32}\.file")  # other files are left alone
MD5 = re.compile(r"[0-9a-f]{32}")  # of an object that was not uploaded in parts, the ETag is its MD5
DEAD = 86_400  # seconds without a new block, after which a partial download is not continued
_known: dict[tuple[Path, RemoteFile], Path] = {}


def local(file: RemoteFile) -> Path:
    """The path of a copy of `file`, whole and intact; it may be removed to make room for others, unless it is kept open.

    Raises StoreError, ClearsightError without room for it.
    """
    if path := held(file):
        return path
    folder = private_folder(cache_folder() / "remote")
    key = hashlib.blake2b(f"{file.address}\n{file.size}\n{file.version}".encode(), digest_size=16).hexdigest()
    path = folder / f"{key}.file"
    with hold(folder, f"{key}.lock", wait=True):
        if not _intact(path, file.size):
            _sweep(folder)
            try:
                make_room(folder, file.size, NAME)
                _download(file, path)
                make_room(folder, 0, NAME, {path})  # others, downloaded meanwhile, had this room as well
            except OSError as error:
                raise ClearsightError(f"cannot keep {shown(file.address)} in {folder}: {error.strerror or error}.") from error
    with suppress(OSError):
        os.utime(path)  # used last
    _known[folder, file] = path
    return path


def held(file: RemoteFile) -> Path | None:
    """The path of the copy of `file` that this process has looked at before, if it is still there."""
    path = _known.get((cache_folder() / "remote", file))
    return path if path and path.is_file() else None


def at_once(size: int) -> int:
    """How many files of `size` bytes may be worked on while as many are downloaded: 16, or fewer where the cache has not the room."""
    folder = private_folder(cache_folder() / "remote")
    held = sum(path.stat().st_size for path in folder.iterdir() if NAME.fullmatch(path.name) and path.is_file())
    return max(1, min(AT_ONCE, int(limit(folder, held) / (2 * max(size, 1)))))


def _intact(path: Path, size: int) -> bool:
    """Whether a copy is there whose size and checksums are as they were written."""
    try:
        sums = path.with_suffix(".sums").read_bytes()
        return path.stat().st_size == size and sums == _checksums(path)
    except OSError:
        return False


def _checksums(path: Path) -> bytes:
    """CRC-32 of each block."""
    with path.open("rb") as file:
        return np.array([zlib.crc32(block) for block in iter(lambda: file.read(BLOCK), b"")], "<u4").tobytes()


def _download(file: RemoteFile, path: Path) -> None:
    part = path.with_suffix(".part")
    handle = os.open(part, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "r+b") as target:
        done = min(os.fstat(handle).st_size, file.size) // BLOCK * BLOCK
        target.truncate(done)
        target.seek(done)
        while done < file.size:
            done += target.write(read(file.address, done, min(BLOCK, file.size - done)))
        target.flush()
        os.fsync(handle)
    _require_published(file, part)
    write_atomic(path.with_suffix(".sums"), _checksums(part), mode=0o600)
    put_in_place(part, path)


def _require_published(file: RemoteFile, part: Path) -> None:
    """Raise StoreError if the file has changed during the download, or has another MD5 than its store reports; then nothing is kept."""
    now = described(file.address)
    reason = "" if (now.size, now.version) == (file.size, file.version) else "it has changed since it was listed"
    if not reason and MD5.fullmatch(file.version):
        with part.open("rb") as data:
            same = hashlib.file_digest(data, lambda: hashlib.md5(usedforsecurity=False)).hexdigest() == file.version
        reason = "" if same else "what came has another MD5 than its ETag"
    if reason:
        remove(part)
        raise StoreError(f"cannot read {shown(file.address)}: {reason}. Nothing of it was kept; run the same command again.")


def _sweep(folder: Path) -> None:
    """Remove what dead downloads, and files removed to make room, have left."""
    for path in folder.iterdir():
        with suppress(OSError):
            if path.suffix in (".part", ".sums") and not path.with_suffix(".file").exists() and path.stat().st_mtime < time.time() - DEAD:
                path.unlink()
