"""Memory settings of glibc, for processes that belong to the command line."""

import ctypes
import os
from functools import cache

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
