"""Progress as lines of a file, which another process follows while they are added."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .errors import ClearsightError, UsageError, plain
from .progress import Cancelled, Report, listening

EVERY = 0.25  # seconds between two lines about one part of a computation
TAIL = 2**14  # bytes in which the last line is
STOPPED = (130, 143)  # exit codes of a training that a signal has stopped


class _Lines:
    """Lines of JSON at the end of a file, each added by one call of the system, so that a reader never sees two mixed."""

    def __init__(self, file: int) -> None:
        self.file = file
        self.last: dict[str, float] = {}  # part of the computation → when a line was last added about it

    def add(self, state: str, **more: Any) -> None:
        """One line; a disk that is full ends no computation."""
        with suppress(OSError):
            os.write(self.file, json.dumps({"state": state, "at": round(time.time(), 3), **more}).encode() + b"\n")

    def hear(self, one: Report) -> None:
        """A line for a bar that moved: at its first step, its last one, and else at most four a second."""
        now = time.monotonic()
        if one.label in self.last and now - self.last[one.label] < EVERY and not 0 < one.total <= one.done:
            return
        self.last[one.label] = now
        self.add(
            "running", label=one.label, done=one.done, total=one.total, unit=one.unit, rate=float(f"{one.rate:.4g}"), note=one.note
        )  # fmt: skip


@contextmanager
def progress_file(path: str | Path) -> Iterator[None]:
    """Add lines to `path`: `begun`, then `running` where a bar moves, and in the end `done`, `stopped`, or `failed` with the reason.

    What the file has already stays. Of the processes of a `torchrun` the first one writes. Raises UsageError where it cannot be written.
    """
    if os.environ.get("RANK", "0") != "0":
        yield
        return
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    except OSError as error:
        raise UsageError(f"cannot write progress to {path}: {error.strerror or error}.") from error
    lines = _Lines(file)
    try:
        lines.add("begun", process=os.getpid())
        with listening(lines.hear):
            yield
        lines.add("done")
    except (KeyboardInterrupt, Cancelled):
        lines.add("stopped")
        raise
    except Exception as error:
        ours = error if isinstance(error, ClearsightError) else None
        ended = "stopped" if ours and ours.exit_code in STOPPED else "failed"
        lines.add(ended, error=plain(ours) if ours else f"{type(error).__name__}: {error}")
        raise
    finally:
        os.close(file)


def latest(path: str | Path) -> dict[str, Any]:
    """The last whole line of a progress file; empty without one."""
    with suppress(OSError), open(path, "rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL))
        *whole, _ = file.read().split(b"\n")  # what follows the last end of a line is not whole
        for line in reversed(whole):
            with suppress(ValueError):
                found: dict[str, Any] = json.loads(line)
                return found
    return {}
