"""Whose turn it is at something that does one thing at a time."""

import heapq
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count


class Turns:
    """A lock for which the most urgent waits least, and of equals the first."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.waiting: list[tuple[int, int]] = []  # how late, and the place among equals
        self.places = count()
        self.taken = False

    @contextmanager
    def turn(self, late: int = 0) -> Iterator[None]:
        """Wait until it is free, and all that are less `late` have had it."""
        with self.changed:
            mine = (late, next(self.places))
            heapq.heappush(self.waiting, mine)
            self.changed.wait_for(lambda: not self.taken and self.waiting[0] == mine)
            heapq.heappop(self.waiting)
            self.taken = True
        try:
            yield
        finally:
            with self.changed:
                self.taken = False
                self.changed.notify_all()
