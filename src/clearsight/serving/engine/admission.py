"""Admission: a picture is accepted where its expected wait is short enough, and refused at once where it is not."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PLACES = 16  # pictures that are admitted at any pace within the deadline: fewer would refuse a few clients that ask at the same time
WINDOW = 8  # pictures of one request that take places at the same time
IN_TIME = 0.8  # share of the deadline that the pictures in flight may fill, since the pace varies and a batch ends at once
MEMORY = 64  # pictures over which the pace is measured


class Overloaded(Exception):
    """There is no room; `seconds` after which a retry may succeed."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self.error = f"All places are taken: try again in {seconds} s."
        super().__init__(self.error)


class Bytes:
    """The bytes of all bodies in memory, at most `most`; those of a slow client count as they arrive."""

    def __init__(self, most: int) -> None:
        self.most, self.held = most, 0

    @contextmanager
    def taken(self) -> Iterator[Callable[[int], None]]:
        """A function that holds so many bytes more, until the end of the block; it raises Overloaded where there is no room."""
        own = 0

        def more(size: int) -> None:
            nonlocal own
            if self.held + size > self.most:
                raise Overloaded(1)
            self.held += size
            own += size

        try:
            yield more
        finally:
            self.held -= own


class Pace:
    """The time for one picture in seconds, `value`: the time in which there was work, divided by the pictures that it took.

    It is measured where batches leave, so it has everything in it that an answer takes: decoding, the network, and cores that others use.
    `first` is the estimate to begin with.
    """

    def __init__(self, first: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock, self.since = clock, clock()
        self.busy, self.pictures = first, 1.0  # both decay, by the same factor

    @property
    def value(self) -> float:
        """Seconds for a picture."""
        return self.busy / self.pictures

    def begin(self) -> None:
        """The first picture has come into an empty queue."""
        self.since = self.clock()

    def left(self, pictures: int) -> None:
        """So many `pictures` have been answered together."""
        now, kept = self.clock(), (1 - 1 / MEMORY) ** pictures
        self.busy, self.pictures = kept * self.busy + now - self.since, kept * self.pictures + pictures
        self.since = now


class Admission:
    """The pictures of one model that wait or are computed: at most so many as are answered within `target` s at the measured pace.

    16 are admitted also where that takes longer, but never more than can be answered within `deadline` s. `queue` is a fixed number in
    place of the one by `target`, if it is not 0.
    """

    def __init__(self, queue: int, target: float, deadline: float, pace: Pace) -> None:
        self.queue, self.target, self.deadline, self.pace = queue, target, deadline, pace
        self.pictures = self.bulk = 0
        self.lost: Callable[[], int] = lambda: 0  # pictures that are still computed though their clients have gone or have been refused

    @property
    def room(self) -> int:
        """The pictures that may be in flight at the present pace, at least 1."""
        pace = max(self.pace.value, 1e-6)
        most = self.queue or max(PLACES, int(self.target / pace))
        return max(1, min(most, int(IN_TIME * self.deadline / pace)))

    def wait(self, pictures: int = 1) -> int:
        """The seconds after which there may be room for `pictures`; 0 if there is now."""
        over = self.pictures + self.lost() + pictures - self.room
        return max(1, math.ceil(over * self.pace.value)) if over > 0 else 0

    @contextmanager
    def admitted(self, pictures: int = 1) -> Iterator[int]:
        """Hold the room of `pictures`, and give their number; raises Overloaded where there is no room."""
        if seconds := self.wait(pictures):
            raise Overloaded(seconds)
        if not self.pictures:
            self.pace.begin()
        self.pictures += pictures
        try:
            yield pictures
        finally:
            self.pictures -= pictures

    @contextmanager
    def admitted_bulk(self, pictures: int) -> Iterator[int]:
        """Hold room for a request of many `pictures`, and give its places; raises Overloaded where there is no room.

        All such requests together have half of the room, so that single pictures find places while they run.
        """
        half = max(1, self.room // 2)
        places = min(pictures, WINDOW, half - self.bulk)
        if places <= 0:
            raise Overloaded(max(1, math.ceil(half * self.pace.value)))
        with self.admitted(places):
            self.bulk += places
            try:
                yield places
            finally:
                self.bulk -= places
