"""The most urgent goes first, equals in the order of their coming, one at a time."""

import threading
import time

import pytest

from clearsight.studio.compute.turns import Turns


def test_the_most_urgent_goes_first_and_equals_in_order():
    turns, had, threads = Turns(), [], []

    def wait(name: str, late: int) -> None:
        with turns.turn(late):
            had.append(name)

    with turns.turn():
        for name, late in (("mistakes", 3), ("maps", 1), ("answer", 0), ("other maps", 1), ("unit", 0)):
            threads.append(threading.Thread(target=wait, args=(name, late)))
            threads[-1].start()
            while len(turns.waiting) < len(threads):
                time.sleep(0.001)
        assert had == []
    for thread in threads:
        thread.join()
    assert had == ["answer", "unit", "maps", "other maps", "mistakes"] and not turns.taken


def test_a_turn_that_fails_is_over():
    turns = Turns()
    with pytest.raises(KeyError), turns.turn():
        raise KeyError
    with turns.turn():
        assert turns.taken
