"""The compute process: killed, hanging, failing, superseded; the next question is answered by a new one."""

import threading
import time

import pytest

from clearsight.studio.compute.process import LATE, Compute, Failed, Superseded
from clearsight.studio.compute.reader import FUNCTIONS as READER_FUNCTIONS
from clearsight.studio.compute.worker import FUNCTIONS as WORKER_FUNCTIONS


@pytest.fixture
def compute():
    one = Compute(seconds=30, module="tests.studio.compute.fake")
    yield one
    one.close()


def test_an_end_is_said_and_the_next_question_starts_it_again(compute):
    assert compute.state == "starting"
    first = compute.ask("hello", a=1)
    assert first["arguments"] == {"a": 1} and compute.state == "ready"
    with pytest.raises(Failed, match="no such layer") as failed:
        compute.ask("fail")
    assert failed.value.status == 422
    with pytest.raises(Failed, match="the computation ended; it is started again") as failed:
        compute.ask("die")
    assert failed.value.status == 503
    second = compute.ask("hello")
    assert second["pid"] != first["pid"] and compute.starts == 2
    compute.process.kill()
    compute.process.wait()
    assert compute.ask("hello")["pid"] not in (first["pid"], second["pid"])


def test_what_takes_too_long_is_killed(compute):
    compute.ask("hello")
    compute.seconds = 0.2
    with pytest.raises(Failed, match=r"took more than 0\.2 s"):
        compute.ask("sleep")
    compute.seconds = 30
    assert compute.ask("hello")["what"] == "hello"


def test_of_a_kind_only_the_newest_is_answered(compute):
    compute.ask("hello")
    found = {}

    def ask(name: int) -> None:
        try:
            found[name] = compute.ask("hello", kind="unit page", name=name)["arguments"]["name"]
        except Superseded:
            found[name] = "superseded"

    with compute.turns.turn():  # a long question is being answered
        threads = []
        for name in range(3):
            threads.append(threading.Thread(target=ask, args=(name,)))
            threads[-1].start()
            while compute.newest.get("unit page", 0) <= name:
                time.sleep(0.001)  # until it has its ticket
    for thread in threads:
        thread.join()
    assert found == {0: "superseded", 1: "superseded", 2: 2}


def test_every_late_question_is_one_that_a_process_answers():
    assert LATE.keys() <= {*WORKER_FUNCTIONS, *READER_FUNCTIONS}


def test_it_has_one_thread_while_a_training_needs_the_processors(compute, monkeypatch):
    asked, real = [], compute._exchange
    monkeypatch.setattr(compute, "_exchange", lambda question, seconds: asked.append(question) or real(question, seconds))
    busy = []
    compute.crowded = lambda: bool(busy)

    def told():
        asked.clear()
        assert compute.ask("hello")["what"] == "hello"
        return [(one["what"], one["arguments"].get("one")) for one in asked]

    assert told() == [("warm", None), ("hello", None)]
    busy.append("a training")
    assert told() == [("threads", True), ("hello", None)] and told() == [("hello", None)]
    compute.kill()
    assert told() == [("warm", None), ("threads", True), ("hello", None)]  # a new process learns it too
    busy.clear()
    assert told() == [("threads", False), ("hello", None)]


def test_after_the_end_nothing_is_started(compute):
    compute.ask("hello")
    compute.close()
    with pytest.raises(Failed, match="is ending") as failed:
        compute.ask("hello")
    assert failed.value.status == 503 and compute.state == "ended" and compute.process is None
    compute.warm()
    assert compute.process is None
