"""Decoding of clients' pictures: a few threads, a bound on the pixels in all of them, and child processes where that is asked for."""

import asyncio
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
from torch import Tensor

from ...images.apart import Children
from ...images.decode import decode, stored_pixels
from ...images.preprocess import Preprocessing

PIXELS = 256_000_000  # decoded at the same time: four pictures of the largest size, 768 MB of RGB


class Pixels:
    """Pixels in flight, at most `most`; a larger picture is decoded alone."""

    def __init__(self, most: int) -> None:
        self.most, self.held = most, 0
        self._freed = threading.Condition()

    @contextmanager
    def taken(self, n: int) -> Iterator[None]:
        """Hold `n` pixels, after waiting until there is room for them."""
        n = min(n, self.most)
        with self._freed:
            self._freed.wait_for(lambda: self.held + n <= self.most)
            self.held += n
        try:
            yield
        finally:
            with self._freed:
                self.held -= n
                self._freed.notify_all()


class Here:
    """Decodes in this process, at most `pixels` at the same time by what the headers say."""

    def __init__(self, pixels: int = PIXELS) -> None:
        self.pixels = Pixels(pixels)

    def __call__(self, data: bytes, **how: Any) -> np.ndarray:
        """The picture in `data` as `decode` returns it; raises UnreadableImage."""
        with self.pixels.taken(stored_pixels(data)):
            return decode(data, **how)

    def close(self) -> None:
        """Nothing is held."""


class Decoder:
    """A pool of threads, one for each core unless `threads` says otherwise, that decodes and fits pictures; children if `isolate`."""

    def __init__(self, isolate: bool = False, threads: int = 0) -> None:
        threads = threads or os.cpu_count() or 1
        self.decode: Here | Children = Children(threads) if isolate else Here()
        self._pool = ThreadPoolExecutor(threads, "decode")

    async def load(self, data: bytes, preprocessing: Preprocessing) -> Tensor:
        """The fitted picture uint8 `(C, height, width)`; raises UnreadableImage."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._load, data, preprocessing)

    async def fit(self, picture: np.ndarray, preprocessing: Preprocessing) -> Tensor:
        """A picture uint8 `(H, W, C)`, fitted; raises UnreadableImage."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, preprocessing.load, picture)

    def close(self) -> None:
        """End the threads and children after their present pictures."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.decode.close()

    def _load(self, data: bytes, preprocessing: Preprocessing) -> Tensor:
        of = preprocessing
        return of.fit_picture(self.decode(data, channels=of.channels, min_side=of.min_side, reading=of.reading))
