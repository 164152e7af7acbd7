"""Decoding in children: the same pictures and reasons, and an end of the child is not the end."""

import contextlib
import io
import json
import os
import signal
from types import SimpleNamespace

import numpy as np
import pytest

from clearsight.base.errors import UnreadableImage
from clearsight.images import apart
from clearsight.images.apart import Children, answer
from clearsight.images.decode import decode
from clearsight.images.deep import Reading
from tests.rubbish.bad import REFUSED
from tests.rubbish.build import png

SMALL = png(3, 2, 8, 0, bytes([0, 10, 20, 30, 0, 40, 50, 60]))
DEEP = png(2, 1, 16, 0, bytes([0, 1, 0, 15, 255]))
LARGE = png(9000, 7000, 8, 2, b"")  # of pixels that are not there, 189 MB


@pytest.fixture(scope="module")
def children():
    made = Children(1, memory=2**30, seconds=20.0)
    yield made
    made.close()


def test_a_child_answers_as_decode_does(children):
    for reading in (Reading(), Reading(levels=(0.0, 4095.0))):
        for data in (SMALL, DEEP):
            found = children(data, channels=1, reading=reading)
            assert np.array_equal(found, decode(data, channels=1, reading=reading))
    for name in list(REFUSED)[::12]:
        with pytest.raises(UnreadableImage) as theirs:
            decode(REFUSED[name][0], channels=3)
        with pytest.raises(UnreadableImage) as ours:
            children(REFUSED[name][0], channels=3)
        assert str(ours.value) == str(theirs.value), name


def test_a_child_that_was_killed_is_replaced(children):
    child = children.idle.get()
    os.kill(child.process.pid, signal.SIGKILL)
    child.process.wait()
    children.idle.put(child)
    assert children(SMALL, channels=1).shape == (2, 3, 1)
    replacement = children.idle.get_nowait()
    children.idle.put(replacement)
    assert replacement is not child


@pytest.mark.parametrize(
    ("codes", "said"),
    [((-9, -11, -15, -9), ""), ((-9,) * 5, r"5 times \(codes -9, -9, -9, -9, -9\)"), ((1, -9, -11), r"3 times \(codes 1, -9, -11\)")],
)
def test_an_end_by_another_is_no_fault_of_the_picture(monkeypatch, codes, said):
    left = list(codes)

    class Fake:
        def __init__(self, *_):
            pass

        def ask(self, data, **how):
            if left:
                raise apart.Ended(False, left.pop(0))
            return "a picture"

    monkeypatch.setattr(apart, "Child", Fake)
    with pytest.raises(UnreadableImage, match=said) if said else contextlib.nullcontext():
        assert Children(1)(SMALL, channels=1) == "a picture"


def test_children_end_with_their_owner():
    made = Children(1)
    made(SMALL, channels=1)
    child = made.idle.get()
    made.idle.put(child)
    made.close()
    assert child.process.wait(10) is not None and made.idle.empty()


def test_time_and_a_second_end_are_limits():
    slow = Children(1, seconds=0.001)
    with pytest.raises(UnreadableImage, match=r"takes more than 0\.001 s"):
        slow(SMALL, channels=1)
    slow.close()
    poor = Children(1, memory=2**70)  # no limit that can be set: the child ends
    with pytest.raises(UnreadableImage, match="its decoder ended 2 times"):
        poor(SMALL, channels=1)
    poor.close()


def test_memory_is_a_limit(children):
    with pytest.raises(UnreadableImage, match=r"memory|PNG"):
        children(LARGE, channels=3)
    assert children(SMALL, channels=1).shape == (2, 3, 1)


def test_the_protocol_ends_with_the_requests():
    asked = {"length": len(SMALL), "channels": 1, "min_side": None, "reading": {"levels": [], "bands": [], "version": 2}}
    line = json.dumps(asked).encode() + b"\n" + SMALL
    answers = io.BytesIO()
    answer(io.BytesIO(line + line), answers)
    assert answers.getvalue() == 2 * (b'{"shape": [2, 3, 1]}\n' + bytes([10, 20, 30, 40, 50, 60]))


def test_a_child_that_lacks_memory_says_so(monkeypatch):
    def full(data, **how):
        raise MemoryError

    monkeypatch.setattr(apart, "decode", full)
    asked = json.dumps({"length": 2, "reading": {"levels": [], "bands": [], "version": 2}}).encode() + b"\nab"
    answers = io.BytesIO()
    answer(io.BytesIO(asked), answers)
    assert json.loads(answers.getvalue()) == {"error": "it needs more memory than a decoder may have"}


def test_a_child_that_was_busy_is_ended_when_it_is_idle():
    class Busy:
        closed = False

        def ask(self, data, **how):
            some.close()  # meanwhile
            return np.zeros((1, 1, 1), np.uint8)

        def close(self):
            self.closed = True

    some, child = Children(0), Busy()
    some.idle.put(child)
    some(SMALL, channels=1)
    assert child.closed and some.idle.empty()


@pytest.mark.parametrize(
    ("shape", "most", "taken"),
    [
        ([2, 3, 1], 6, True),
        ([2, 3, 1], 5, False),
        ([1, 1, 1], 6, True),
        ([2, 3], 6, False),
        ([1, 2, 3, 1], 6, False),
        ([0, 3, 1], 6, False),
        ([2, -3, -1], 6, False),
    ],
)
def test_an_answer_is_a_picture_that_is_not_too_large(shape, most, taken, monkeypatch):
    child, data = object.__new__(apart.Child), json.dumps({"shape": shape}).encode() + b"\n" + bytes(range(6))
    process = {"stdin": io.BytesIO(), "stdout": io.BytesIO(data), "kill": lambda: None, "wait": lambda *_: None, "poll": lambda: None}
    child.seconds, child.process = 20.0, SimpleNamespace(**process)
    monkeypatch.setattr(apart, "PIXEL_BYTES", most)
    if taken:
        assert child.ask(SMALL).ravel().tolist() == list(range(int(np.prod(shape))))
        return
    with pytest.raises(apart.Ended) as ended:
        child.ask(SMALL)
    assert (ended.value.late, ended.value.code) == (False, None)
