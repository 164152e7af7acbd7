"""Bytes of shards at addresses: of a copy on the local disk, or for a few pictures of a large shard, as a sample has, by themselves."""

import threading
from collections import Counter

from ...base.remote.address import shown
from ...base.remote.downloads import held, local
from ...base.remote.store import RemoteFile, StoreError, described, read

FEW, SHARE = 8, 16  # ranges of a file that a process reads by themselves, and the least size of a file in units of all of them
_ranges: Counter[RemoteFile] = Counter()
_bytes: Counter[RemoteFile] = Counter()
sparse: set[RemoteFile] = set()  # of which so few pictures are wanted, each once, that all are read by themselves
_lock = threading.Lock()


def up_to(file: RemoteFile, offset: int, length: int) -> bytes:
    """Up to `length` bytes of a file from `offset`; raises StoreError, ClearsightError without room for a copy of it, OSError."""
    if held(file) is None and _few(file, length):
        found = read(file.address, offset, min(length, file.size - offset))
        require_unchanged(file)  # after the read: it may have been replaced at any time before
        return found
    for _ in range(2):
        try:
            with local(file).open("rb") as copy:
                copy.seek(offset)
                return copy.read(length)
        except FileNotFoundError:  # it has just made room for another
            continue
    raise StoreError(f"cannot keep {shown(file.address)}: copies are removed as soon as they are made. Give the cache more room.")


def require_unchanged(file: RemoteFile) -> None:
    """Raise StoreError if a file has changed since it was listed, so that what was read of it may be another's."""
    now = described(file.address)
    if (now.size, now.version) != (file.size, file.version):
        raise StoreError(f"cannot read {shown(file.address)}: it has changed since it was listed. Run the same command again.")


def _few(file: RemoteFile, length: int) -> bool:
    """Whether this range is among the few of a file that are read by themselves."""
    with _lock:
        _ranges[file] += 1
        _bytes[file] += length
        return file in sparse or (_ranges[file] <= FEW and SHARE * _bytes[file] <= file.size)
