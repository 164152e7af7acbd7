"""Admission: a request is accepted while there is room for its pictures and bytes, and refused at once when there is not."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Overloaded(Exception):
    """There is no room; `seconds` after which a retry may succeed."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self.error = f"All places are taken: try again in {seconds} s."
        super().__init__(self.error)


class Bytes:
    """The bytes of all bodies in memory, at most `most`."""

    def __init__(self, most: int) -> None:
        self.most, self.held = most, 0


class Admission:
    """The pictures of one model that wait or are computed, at most `queue`, and fewer where they could not be answered in `deadline` s.

    `pace` is the time for one picture as measured, in seconds. `memory` is shared by the models of a server.
    """

    def __init__(self, queue: int, deadline: float, memory: Bytes, pace: Callable[[], float]) -> None:
        self.queue, self.deadline, self.memory, self.pace = queue, deadline, memory, pace
        self.pictures = 0

    def wait(self, pictures: int = 1, size: int = 0) -> int:
        """The seconds after which there may be room for `pictures` with `size` bytes; 0 if there is now."""
        late = self.pictures and (self.pictures + pictures) * self.pace() > self.deadline
        full = self.pictures + pictures > self.queue or self.memory.held + size > self.memory.most
        return max(1, math.ceil(self.pictures * self.pace())) if late or full else 0

    @contextmanager
    def admitted(self, pictures: int, size: int) -> Iterator[None]:
        """Hold the room of `pictures` with `size` bytes; raises Overloaded where there is no room."""
        if seconds := self.wait(pictures, size):
            raise Overloaded(seconds)
        self.pictures += pictures
        self.memory.held += size
        try:
            yield
        finally:
            self.pictures -= pictures
            self.memory.held -= size
