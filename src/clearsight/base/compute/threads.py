"""The number of threads that torch computes with."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_LOCK = threading.Lock()
_inside, _own = 0, 1  # blocks that have not ended, and the number before the first of them


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread of torch inside, for many products of small matrices, in which several threads mostly wait for each other.

    The number is one for the whole process: when the last of several such blocks ends, it is again as before the first.
    """
    global _inside, _own
    with _LOCK:
        if not _inside:
            _own = torch.get_num_threads()
            torch.set_num_threads(1)
        _inside += 1
    try:
        yield
    finally:
        with _LOCK:
            _inside -= 1
            if not _inside:
                torch.set_num_threads(_own)
