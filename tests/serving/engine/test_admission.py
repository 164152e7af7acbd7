"""Room by expected wait, with a clock and an engine that are made up: counted, given back, and refused with a time to wait."""

import heapq

import pytest

from clearsight.serving.engine.admission import PLACES, Admission, Bytes, Overloaded, Pace


def fixed(pace: float) -> Pace:
    return Pace(pace, lambda: 0.0)


def test_pictures_are_counted_and_given_back():
    room = Admission(3, 0.02, 10.0, fixed(0.1))
    with room.admitted(2):
        assert room.pictures == 2
        with pytest.raises(Overloaded), room.admitted(2):
            pass
        with pytest.raises(ValueError, match="inside"), room.admitted():
            raise ValueError("inside")
        assert room.pictures == 2
    assert room.pictures == 0


def test_pictures_that_are_computed_for_nothing_take_places():
    room = Admission(3, 0.02, 10.0, fixed(0.1))
    room.lost = lambda: 2
    with room.admitted(), pytest.raises(Overloaded), room.admitted():
        pass


def test_requests_of_many_pictures_have_half_of_the_room():
    room = Admission(20, 0.02, 10.0, fixed(0.1))
    with room.admitted_bulk(3) as three, room.admitted_bulk(50) as most:
        assert (three, most, room.pictures, room.bulk) == (3, 7, 10, 10)
        with pytest.raises(Overloaded), room.admitted_bulk(2):
            pass
        with room.admitted(10), pytest.raises(Overloaded), room.admitted():
            pass
    assert (room.pictures, room.bulk) == (0, 0)
    with Admission(1, 0.02, 10.0, fixed(0.1)).admitted_bulk(9) as places:
        assert places == 1


def test_bytes_are_counted_as_they_come_and_given_back():
    memory = Bytes(10)
    with memory.taken() as one:
        one(4)
        with memory.taken() as other:
            other(6)
            with pytest.raises(Overloaded):
                other(1)
        assert memory.held == 4
    assert memory.held == 0


@pytest.mark.parametrize(
    ("pace", "queue", "room"),
    [(1e-4, 0, 200), (1e-3, 0, 20), (0.01, 0, PLACES), (0.1, 0, PLACES), (0.7, 0, 2), (9.0, 0, 1), (1e-4, 5, 5), (0.7, 5, 2), (0.0, 7, 7)],
)
def test_room_is_what_is_answered_in_time(pace, queue, room):
    assert Admission(queue, 0.02, 2.0, fixed(pace)).room == room


def test_the_first_is_tried_and_the_wait_is_until_there_is_room():
    slow = Admission(0, 0.02, 2.0, fixed(5.0))
    with slow.admitted(), pytest.raises(Overloaded) as refused, slow.admitted():
        pass
    assert refused.value.seconds == 5
    fast = Admission(4, 0.02, 2.0, fixed(0.01))
    with fast.admitted(4):
        assert fast.wait() == 1


class Engine:
    """One server of batches, and requests at even intervals, on a clock that jumps from event to event."""

    def __init__(self, batch: int, fixed: float, each: float) -> None:
        self.now, self.batch, self.fixed, self.each = 0.0, batch, fixed, each
        self.room = Admission(0, 0.02, 2.0, Pace(each, lambda: self.now))

    def run(self, rate: float, seconds: float, slower=lambda now: 1.0):
        """Times in which pictures are answered, the share that is refused."""
        arrivals = [i / rate for i in range(int(rate * seconds))]
        waiting, done, refused, free, events = [], [], 0, True, [(at, 0) for at in arrivals]
        heapq.heapify(events)
        holds, computed = {}, []
        while events:
            self.now, kind = heapq.heappop(events)
            if kind:
                self.room.pace.left(len(computed))
                for since in computed:
                    done.append((since, self.now - since))
                    holds.pop(since).__exit__(None, None, None)
                free = True
            else:
                hold = self.room.admitted()
                try:
                    hold.__enter__()
                except Overloaded:
                    refused += 1
                else:
                    holds[self.now] = hold
                    waiting.append(self.now)
            if free and waiting:
                computed, waiting, free = waiting[: self.batch], waiting[self.batch :], False
                heapq.heappush(events, (self.now + (self.fixed + self.each * len(computed)) * slower(self.now), 1))
        return done, refused / len(arrivals)


def late(done, after: float) -> float:
    times = sorted(seconds for since, seconds in done if since >= after)
    return times[int(0.99 * (len(times) - 1))]


@pytest.mark.parametrize(("fixed", "each"), [(0.002, 0.0002), (0.005, 0.01), (0.0, 0.03)])
def test_at_four_times_its_capacity_it_answers_at_capacity_and_nobody_waits_long(fixed, each):
    capacity = 16 / (fixed + 16 * each)
    engine = Engine(64, fixed, each)
    done, refused = engine.run(4 * capacity, 1500 / capacity)
    served = sum(since + seconds > 300 / capacity for since, seconds in done) * capacity / 1200
    assert served >= 0.95 * capacity and 0.5 < refused < 0.8
    nominal = 2 * (fixed + 8 * each)  # of 16 clients: half are computed, half wait
    assert late(done, 300 / capacity) <= 2 * max(nominal, engine.room.target)


def test_a_slower_engine_gets_fewer_pictures():
    engine = Engine(64, 0.001, 0.0005)
    engine.run(8000, 0.5)
    wide = engine.room.room
    begun = engine.now
    done, _ = Engine.run(engine, 8000, 1.5, lambda now: 4.0 if now > 0.2 else 1.0)
    assert wide > PLACES and engine.room.room == PLACES
    assert late(done, 1.0) <= 2.5 * (0.001 + PLACES * 0.0005) * 4 and begun > 0


def test_a_pause_without_work_is_no_time_for_a_picture():
    now = [0.0]
    room = Admission(0, 0.02, 2.0, Pace(0.01, lambda: now[0]))
    for _ in range(300):
        now[0] += 5.0
        with room.admitted():
            now[0] += 0.1
            room.pace.left(1)
    assert room.pace.value == pytest.approx(0.1, rel=0.05)
