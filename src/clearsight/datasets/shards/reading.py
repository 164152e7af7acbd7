"""Bytes of a shard by offset, and `Span`: a picture as a range of them."""

import os
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ...base.errors import ClearsightError
from ...base.remote.address import is_address, shown
from ...base.remote.downloads import held, local
from ...base.remote.store import RemoteFile, described
from ...base.remote.store import read as read_at
from . import remote

OPEN_FILES = 64  # shards that stay open for the next read


@dataclass(frozen=True)
class Shard:
    """A file that holds many pictures.

    `address` is its path, or the address of a store (`s3://bucket/train-0001.tar`); `size` its bytes; `state` a text that is the same only
    while its content is: absolute path, size, times and inode of a file, address and entity tag of an object. Caches are keyed by it.
    """

    address: str
    size: int
    state: str


@dataclass(frozen=True)
class Span:
    """An encoded picture inside a shard: `length` bytes from `offset`; `name` is that of messages, shard and member."""

    shard: Shard
    offset: int
    length: int
    name: str

    @property
    def state(self) -> str:
        """A text that is the same only while the picture is."""
        return f"{self.shard.state} {self.offset} {self.length}"

    def read(self) -> bytes:
        """The encoded picture; `images.decode` calls this. Raises OSError or ClearsightError."""
        return read(self.shard, self.offset, self.length)


def shard_at(path: str | Path) -> Shard:
    """The shard in a file or at an address; raises ClearsightError for one that is missing or cannot be read."""
    if is_address(path):
        return remote_shard(described(str(path)))
    try:
        with open(path, "rb") as file:
            return _shard(str(path), os.fstat(file.fileno()))
    except OSError as error:
        raise ClearsightError(f"cannot read {path}: {error.strerror or error}.") from error


def remote_shard(file: RemoteFile) -> Shard:
    """The shard in a file at an address; it is read from a copy on the local disk, which is made at the first read."""
    return Shard(file.address, file.size, f"{file.address} {file.size} {file.version}")


def read(shard: Shard, offset: int, length: int) -> bytes:
    """The `length` bytes of `shard` from `offset`: the only place that reads shards, of indexes and of pictures.

    Exactly `length` bytes, or an error: OSError where the file cannot be read, ClearsightError where it ends before or has changed since
    `shard` was made. Any thread may call it, and any forked process for shards of this machine.
    """
    found = remote.up_to(_file_of(shard), offset, length) if is_address(shard.address) else _opened(shard).up_to(offset, length)
    if len(found) != length:
        raise ClearsightError(
            f"{shown(shard.address)} ends at byte {offset + len(found):,}, and bytes {offset:,} to {offset + length:,} are wanted. "
            "Get it again."
        )
    return found


def read_range(shard: Shard, offset: int, length: int) -> bytes:
    """As `read`, of a shard at an address without a copy of it; `require_unchanged` says afterwards whether it was of this shard."""
    return read_at(shard.address, offset, length)


def require_unchanged(shard: Shard) -> None:
    """Raise StoreError if a shard at an address has changed since it was listed."""
    remote.require_unchanged(_file_of(shard))


def is_remote(shard: Shard) -> bool:
    """Whether a shard is at an address, and no copy of it on the local disk is known."""
    return is_address(shard.address) and held(_file_of(shard)) is None


def read_by_range(shard: Shard) -> None:
    """Let the pictures of a shard at an address be read by themselves, although they are more than a handful: few, and each once."""
    remote.sparse.add(_file_of(shard))


def bring(shard: Shard) -> None:
    """Have a copy of all of a shard at an address on the local disk, before all of it is read; raises StoreError, ClearsightError."""
    if is_address(shard.address):
        local(_file_of(shard))


def _file_of(shard: Shard) -> RemoteFile:
    return RemoteFile(shard.address, shard.size, shard.state.rpartition(" ")[2])


def _shard(address: str, status: os.stat_result) -> Shard:
    state = f"{os.path.abspath(address)} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"
    return Shard(address, status.st_size, state)


class _File:
    """An open file, closed when the last reader has released it: the number of a closed one may be another file's."""

    def __init__(self, shard: Shard) -> None:
        self.handle = os.open(shard.address, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        self.lock = threading.Lock()
        if _shard(shard.address, os.fstat(self.handle)) != shard:
            raise ClearsightError(f"{shard.address} has changed since it was opened. Start again.")

    def up_to(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`."""
        if hasattr(os, "pread"):
            return self._all(offset, length)
        with self.lock:  # Windows
            os.lseek(self.handle, offset, os.SEEK_SET)
            return os.read(self.handle, length)

    def _all(self, offset: int, length: int) -> bytes:
        found = os.pread(self.handle, length, offset)
        while len(found) < length and (more := os.pread(self.handle, length - len(found), offset + len(found))):
            found += more  # the system reads at most 2 GiB at once
        return found

    def __del__(self) -> None:
        if hasattr(self, "handle"):
            os.close(self.handle)


@lru_cache(maxsize=OPEN_FILES)
def _opened(shard: Shard) -> _File:
    return _File(shard)
