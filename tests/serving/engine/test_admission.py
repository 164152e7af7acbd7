"""Room for pictures and bytes: counted, given back, and refused with a time to wait."""

import pytest

from clearsight.serving.engine.admission import Admission, Bytes, Overloaded


def test_pictures_and_bytes_are_counted_and_given_back():
    memory = Bytes(100)
    room = Admission(3, 10.0, memory, lambda: 0.1)
    with room.admitted(2, 60):
        assert (room.pictures, memory.held) == (2, 60)
        with pytest.raises(Overloaded), room.admitted(2, 1):
            pass
        with pytest.raises(Overloaded), room.admitted(1, 41):
            pass
        with pytest.raises(ValueError, match="inside"), room.admitted(1, 40):
            raise ValueError("inside")
        assert (room.pictures, memory.held) == (2, 60)
    assert (room.pictures, memory.held) == (0, 0)


def test_what_could_not_be_answered_in_time_is_refused_but_the_first_is_tried():
    room = Admission(100, 2.0, Bytes(100), lambda: 0.7)
    with room.admitted(1, 0), room.admitted(1, 0):
        with pytest.raises(Overloaded) as refused, room.admitted(1, 0):
            pass
        assert refused.value.seconds == 2  # two pictures of 0.7 s, rounded up
    slow = Admission(100, 2.0, Bytes(100), lambda: 5.0)
    with slow.admitted(1, 0):
        assert slow.pictures == 1


def test_memory_is_shared_by_models():
    memory = Bytes(10)
    first, second = (Admission(9, 1.0, memory, lambda: 0) for _ in range(2))
    with first.admitted(1, 6), pytest.raises(Overloaded), second.admitted(1, 6):
        pass
