"""One habit of glibc worth changing, in a process that is one's own."""

import ctypes
import os
from functools import cache

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3


def keep_large_buffers() -> None:
    """Tell glibc to reuse large buffers instead of returning them to the system after every step.

    Each activation would otherwise be mapped, zeroed and unmapped again: 1.2× in training, 2× in inference. The process keeps the most
    memory that it ever had: the command line calls this, a library call never does. What is free goes back first, once: to give
    it back again would be to fetch it again. Does nothing where the C library is not glibc.
    """
    if "CS_GNU_LIBC_VERSION" in getattr(os, "confstr_names", ()):
        _tell_glibc()


@cache
def _tell_glibc() -> None:
    if not (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc"):  # musl knows the name and nothing of it
        return
    libc = ctypes.CDLL("libc.so.6")
    libc.malloc_trim(0)
    for parameter, value in ((_M_MMAP_THRESHOLD, 2**31 - 1), (_M_TRIM_THRESHOLD, 2**31 - 1), (_M_TOP_PAD, 2**28)):
        libc.mallopt(parameter, value)
