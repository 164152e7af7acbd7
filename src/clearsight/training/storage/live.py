"""How far a training is, in `live.jsonl` of its run folder: a line a second at most, for pages that follow it.

Lines are appended and not synced one by one. Nothing of the training depends on them, and a resume does not read them.
"""

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ...runs.watched import LIVE
from .checkpoint import Counters

SECONDS = 1.0  # between two lines
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


class Live:
    """Writes the lines of the training in `folder`, of none where there is no folder; a disk that refuses them does not end it."""

    def __init__(self, folder: Path | None = None) -> None:
        self.path = folder / LIVE if folder else None
        self._handle = -1
        self._due = -1.0
        self._before = (0, 0.0)  # pictures and seconds at the last line

    def step(self, counters: Counters, steps: int, lr: Callable[[], float]) -> None:
        """One of the `steps` of an epoch is done."""
        if self.path is None or (now := time.monotonic()) < self._due:
            return
        self._due = now + SECONDS
        pictures, seconds = counters.pictures - self._before[0], counters.seconds - self._before[1]
        self._before = (counters.pictures, counters.seconds)
        line = {
            "epoch": counters.epoch + 1, "step": counters.step, "steps": steps, "loss": round(counters.loss / counters.seen, 6),
            "accuracy": round(counters.correct / counters.seen, 6), "lr": lr(),
            "pictures_per_second": round(pictures / max(seconds, 1e-9), 1),
        }  # fmt: skip
        with suppress(OSError):
            if self._handle < 0:
                self._handle = os.open(self.path, _FLAGS, 0o666)
                os.write(self._handle, b"\n")  # ends a line that a killed process has left
            os.write(self._handle, json.dumps(line).encode() + b"\n")

    def close(self) -> None:
        """End the file."""
        if self._handle >= 0:
            with suppress(OSError):
                os.fsync(self._handle)
                os.close(self._handle)
            self._handle = -1
