"""Memory: what is free, and settings of glibc for processes that belong to the command line."""

import ctypes
import os
from functools import cache
from pathlib import Path

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3


def keep_large_buffers() -> None:
    """Make glibc reuse large buffers instead of returning them to the system after every step.

    Otherwise each activation is mapped, zeroed and unmapped again; 1.2× as fast in training, 2× in inference. The process keeps its peak
    memory, so the command line calls this and library functions never do. Free memory is returned once, before; a second time would
    only fetch it again. Does nothing without glibc.
    """
    if "CS_GNU_LIBC_VERSION" in getattr(os, "confstr_names", ()):
        _tell_glibc()


@cache
def _tell_glibc() -> None:
    if not (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc"):  # musl has the name but no value
        return
    libc = ctypes.CDLL("libc.so.6")
    libc.malloc_trim(0)
    for parameter, value in ((_M_MMAP_THRESHOLD, 2**31 - 1), (_M_TRIM_THRESHOLD, 2**31 - 1), (_M_TOP_PAD, 2**28)):
        libc.mallopt(parameter, value)


def available() -> int:
    """Bytes of main memory that this process may still take, by the system and its control group; 0 where that is not known."""
    found = [size for size in (_of_system(), _of_group()) if size is not None]
    return max(0, min(found)) if found else 0


def _of_system() -> int | None:
    """`MemAvailable` of Linux, else the free pages."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return 1024 * int(line.split()[1])
    except (OSError, ValueError):
        pass
    names = getattr(os, "sysconf_names", {})
    if "SC_AVPHYS_PAGES" in names:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _of_group() -> int | None:
    """What the control group of a container leaves, without the file cache that it would give back."""
    folder = Path("/sys/fs/cgroup")
    try:
        most, used = (folder / "memory.max").read_text(), int((folder / "memory.current").read_text())
        rows = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        return None if most.strip() == "max" else int(most) - used + int(rows.get("inactive_file", 0))
    except (OSError, ValueError):
        return None
