"""Progress on stderr: a bar with rate and time left on terminals, occasional lines in logs."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType


def duration(seconds: float) -> str:
    """`40 s`, `25 min`, `3.2 h`."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


class Cancelled(BaseException):  # no error: code that goes on after one must not catch it
    """The caller wants no more of a computation; a listener raises it between two batches."""


@dataclass(frozen=True)
class Report:
    """How far one part of a computation is: `done` of `total` units, units per second, and what the bar notes."""

    label: str
    done: int
    total: int
    unit: str
    rate: float
    note: str


Listener = Callable[[Report], object]
_listeners: ContextVar[tuple[Listener, ...]] = ContextVar("listeners", default=())


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Call `listener` with a Report whenever a bar moves inside the block, quiet ones too; what it raises ends the computation there."""
    token = _listeners.set((*_listeners.get(), listener))
    try:
        yield
    finally:
        _listeners.reset(token)


class Progress:
    """A bar `label ━━━━ 1200/6000 512 pictures/s 0:09 left · loss 0.41` that never touches stdout.

    On a terminal it redraws in place; elsewhere it prints a line every `every` seconds, so that short
    tasks print nothing. `quiet=True` prints nothing at all.
    """

    def __init__(self, label: str, total: int, unit: str = "pictures", *, quiet: bool = False, every: float = 15.0) -> None:
        self.label, self.total, self.unit, self.quiet, self.every = label, total, unit, quiet, every
        self.done = 0
        self.note = ""
        self._start = self._shown = time.monotonic()
        self._resumed_at = 0
        self._live = not quiet and sys.stderr.isatty()
        self._bar: object | None = None

    def __enter__(self) -> "Progress":
        if self._live and self.total:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as RichProgress

            bar = RichProgress(
                TextColumn("{task.description}"), BarColumn(bar_width=28), MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"), TimeRemainingColumn(), TextColumn("{task.fields[note]}"),
                console=Console(stderr=True), transient=True,
            )  # fmt: skip
            bar.start()
            self._task = bar.add_task(self.label, total=self.total, rate="", note="")
            self._bar = bar
        return self

    def skip(self, n: int) -> None:
        """Count `n` units as done earlier (a resumed run): they do not enter the rate."""
        self.done += n
        self._resumed_at += n

    def update(self, n: int, note: str = "") -> None:
        """`n` more units are done; `note` is shown next to the bar."""
        self.done += n
        self.note = note or self.note
        for listener in _listeners.get():
            listener(Report(self.label, self.done, self.total, self.unit, self.rate, self.note))
        now = time.monotonic()
        if self._bar is not None:
            self._bar.update(self._task, completed=self.done, rate=self.pace, note=self.note)  # type: ignore[attr-defined]
        elif not self.quiet and now - self._shown > self.every:
            self._shown = now
            left = f"{(self.total - self.done) / self.rate:.0f} s left " if self.rate else ""
            print(f"{self.label} {self.done}/{self.total} {self.pace} {left}{self.note}", file=sys.stderr)

    @property
    def rate(self) -> float:
        """Units per second so far."""
        return (self.done - self._resumed_at) / max(time.monotonic() - self._start, 1e-9)

    @property
    def pace(self) -> str:
        """The rate in words, of slow work the seconds of a unit."""
        return f"{self.rate:,.0f} {self.unit}/s" if self.rate >= 0.95 or not self.rate else f"{1 / self.rate:,.1f} s each"

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()  # type: ignore[attr-defined]
