"""The driver: workers of another classifier, shards that nobody can read. Cuts are tested in test_run."""

import pytest

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.base.progress import Progress
from clearsight.base.remote.place import Place
from clearsight.batch.driver import Driver
from clearsight.batch.task import Job, Task
from clearsight.batch.worker import Done, Ended, Unread
from clearsight.datasets.shards.reading import Shard


class Worker:
    def __init__(self, answer, model="abc") -> None:
        self.answer, self.model, self.closed = answer, model, False

    def ask(self, task, told):
        told(3, 6)
        return self.answer(task)

    def close(self) -> None:
        self.closed = True


def driver(start, workers=2) -> Driver:
    return Driver(Job("x"), Place("/nowhere"), start, workers, Progress("classify", 12, "MB", quiet=True))


TASKS = [Task(Shard(f"{k}.tar", 10**6, str(k))) for k in range(12)]
COUNTS = {"pictures": 6, "failed": 1, "ended": 0, "model": "abc"}


def test_counts_and_progress():
    workers = []

    def start(i):
        workers.append(Worker(lambda task: Done(COUNTS, b"")))
        return workers[-1]

    run = driver(start)
    run.resume([COUNTS], TASKS[:1])
    run.work(TASKS[1:])
    assert (run.pictures, run.failed, run.model, run.bar.done) == (72, 12, "abc", 12)
    assert len(workers) <= 2 and all(worker.closed for worker in workers)
    assert run.bar.note.startswith("72 pictures, ")


def test_a_worker_of_another_classifier_is_refused():
    with pytest.raises(UsageError, match="answers of the classifier abc…, and this one is other…"):
        driver(lambda i: Worker(lambda task: Done(COUNTS, b""), "other")).resume([COUNTS], TASKS[:1])


def test_shards_that_nobody_can_read():
    def unread(task):
        raise Unread(f"{task.shard.address} is damaged")

    def ends(task):
        raise Ended("SIGSEGV")

    with pytest.raises(ClearsightError, match=r"the first 10 shards cannot be read. 0.tar is damaged"):
        driver(lambda i: Worker(unread), 1).work(TASKS)
    with pytest.raises(ClearsightError, match=r"1 shards could not be read.*0.tar: its process ended 3 times before the first picture"):
        driver(lambda i: Worker(ends), 1).work(TASKS[:1])
