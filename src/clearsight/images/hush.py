"""What Pillow and libtiff remark on broken metadata says nothing about the pixels: unheard while a picture is decoded, and only then.

Filters of warnings, libtiff's handlers and loggers are the whole process's, and `warnings.catch_warnings` is not made for threads: so the
first decode to begin lays ours over the host's, and the last one to end takes them away.
"""

import ctypes
import logging
import os
import re
import threading
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

from PIL import Image, _imaging

Undo = Callable[[], None]
REMARKS: tuple[tuple[Any, ...], ...] = (
    ("ignore", None, UserWarning, re.compile(r"PIL\."), 0),
    ("ignore", None, Image.DecompressionBombWarning, None, 0),  # Pillow's own limit, of GIF frames and TIFF tiles; ours names the file
)
_NULL = logging.NullHandler()


class Hush:
    """A context, for any number of threads at once: `begin` when the first enters, what that returns when the last has left."""

    def __init__(self, begin: Callable[[], Undo]) -> None:
        self.begin = begin
        self._reset()
        if hasattr(os, "register_at_fork"):  # of the threads that are within, a forked process has none
            os.register_at_fork(after_in_child=self._forked)

    def _reset(self) -> None:
        self.lock, self.within, self.undo = threading.Lock(), 0, _nothing

    def _forked(self) -> None:
        self.undo()
        self._reset()

    def __enter__(self) -> None:
        with self.lock:
            if not self.within:
                self.undo = self.begin()
            self.within += 1

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.within -= 1
            if not self.within:
                undo, self.undo = self.undo, _nothing
                undo()


def _nothing() -> None:
    return


def _warnings() -> Undo:
    """Without `filterwarnings`, which makes the interpreter forget what the host has been warned of already."""
    laid: list[Any] = warnings.filters  # type: ignore[assignment]
    laid[:0] = REMARKS

    def undo() -> None:
        for every in (laid, warnings.filters):  # a thread in `catch_warnings` works on a copy, and puts the first one back
            every[:] = [one for one in every if not any(one is ours for ours in REMARKS)]  # type: ignore[index]

    return undo


def _libtiff() -> Undo:
    """It writes to stderr by itself, without the file's name; so does logging where the host has set up none."""
    before = [(handler, handler(None)) for handler in _handlers()]
    logger = logging.getLogger("PIL")
    logger.addHandler(_NULL)

    def undo() -> None:
        for handler, earlier in before:
            handler(earlier)
        logger.removeHandler(_NULL)

    return undo


@cache
def _handlers() -> list[Callable[[Any], Any]]:
    """libtiff's functions that set a handler and return the one before; none where Pillow does not show them."""
    try:
        library = ctypes.CDLL(str(_imaging.__file__))
        found = [library.TIFFSetErrorHandler, library.TIFFSetWarningHandler]
    except (OSError, AttributeError):
        return []
    for one in found:
        one.restype, one.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    return list(found)


remarks = Hush(_warnings)
tiff = Hush(_libtiff)
