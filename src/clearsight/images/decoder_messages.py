"""Suppress the messages of Pillow and libtiff about broken metadata while a picture is decoded.

Warning filters, libtiff's handlers and loggers are global to the process, and `warnings.catch_warnings` is not thread-safe. So the first
decode to begin installs ours on top of the host's, and the last one to end removes them.
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
FILTERS: tuple[tuple[Any, ...], ...] = (
    ("ignore", None, UserWarning, re.compile(r"PIL\."), 0),
    ("ignore", None, Image.DecompressionBombWarning, None, 0),  # Pillow's own limit for GIF frames and TIFF tiles; ours names the file
)
_NULL = logging.NullHandler()


class SharedContext:
    """A context for any number of threads: `begin` is called when the first enters, the function it returns when the last has left."""

    def __init__(self, begin: Callable[[], Undo]) -> None:
        self.begin = begin
        self._reset()
        if hasattr(os, "register_at_fork"):  # the threads inside do not exist in a forked process
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
    """Insert our filters; `filterwarnings` would make the interpreter forget which warnings the host has shown."""
    installed: list[Any] = warnings.filters  # type: ignore[assignment]
    installed[:0] = FILTERS

    def undo() -> None:
        for filters in (installed, warnings.filters):  # a thread inside `catch_warnings` has a copy, and restores the original
            filters[:] = [entry for entry in filters if not any(entry is ours for ours in FILTERS)]  # type: ignore[index]

    return undo


def _libtiff() -> Undo:
    """Remove libtiff's handlers, which write to stderr without the file's name, as does logging without configuration."""
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
    """libtiff's functions that set a handler and return the previous one; empty if Pillow does not export them."""
    try:
        library = ctypes.CDLL(str(_imaging.__file__))
        found = [library.TIFFSetErrorHandler, library.TIFFSetWarningHandler]
    except (OSError, AttributeError):
        return []
    for one in found:
        one.restype, one.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    return list(found)


no_warnings = SharedContext(_warnings)
no_libtiff_messages = SharedContext(_libtiff)
