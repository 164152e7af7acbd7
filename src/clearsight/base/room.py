"""Room in a folder of the cache: the files that were used least recently are removed to keep within its limit."""

import os
import re
import shutil
from collections.abc import Set
from contextlib import suppress
from pathlib import Path

from .errors import UsageError

DISK_SHARE = 0.5  # of the space that would be free without the folder
LIMIT = "CLEARSIGHT_CACHE_GB"


def make_room(folder: Path, size: int, names: re.Pattern[str], needed: Set[Path] = frozenset()) -> str:
    """Remove the least recently used files, by their `names`, that are not needed, until `size` more bytes are within the limit.

    Returns a note on what was removed. Raises OSError without room, UsageError for a limit that is not a number.
    """
    sizes: dict[Path, os.stat_result] = {}
    for path in folder.iterdir():
        with suppress(OSError):  # another process has removed it
            if names.fullmatch(path.name) and path.is_file():
                sizes[path] = path.stat()
    held = sum(status.st_size for status in sizes.values())
    most = limit(folder, held)
    oldest = sorted(sizes.keys() - needed, key=lambda path: sizes[path].st_mtime_ns)
    gone: list[Path] = []
    while held + size > most and len(gone) < len(oldest):
        gone.append(oldest[len(gone)])
        held -= sizes[gone[-1]].st_size
    if held + size > most:
        raise OSError(f"no room for {size / 1e6:,.1f} MB more, the limit is {most / 1e6:,.1f} MB ({LIMIT} sets it)")
    for path in gone:
        path.unlink(missing_ok=True)
    freed = sum(sizes[path].st_size for path in gone)
    return f"; {len(gone)} files unused for longest ({freed / 1e6:,.1f} MB) made room, the limit is {most / 1e6:,.1f} MB" if gone else ""


def limit(folder: Path, held: int) -> float:
    """Bytes that `folder`, now with `held` bytes, may hold; raises UsageError for a limit that is not a number."""
    text = os.environ.get(LIMIT, "")
    if not text:
        return DISK_SHARE * (shutil.disk_usage(folder).free + held)
    try:
        most = float(text) * 1e9
    except ValueError:
        most = -1.0
    if not 0 <= most < float("inf"):
        raise UsageError(f"{LIMIT} must be a number of gigabytes for a folder of the cache, 0 or more. Got {text!r}.")
    return most
