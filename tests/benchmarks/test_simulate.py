"""The simulation against the real driver of `clearsight classify` on a clock of its own, and against sums that are known."""

import heapq
import random
import threading
from concurrent.futures import wait

import pytest
import torch
from simulate import Batch, best_interval, classify, dealt, downloads, slow, slowest, train, waits

from clearsight.base.progress import Progress
from clearsight.base.remote.place import Place
from clearsight.batch import driver as module
from clearsight.batch import parquet
from clearsight.batch.driver import Driver
from clearsight.batch.task import Job, Task
from clearsight.batch.worker import Done, Ended
from clearsight.datasets.shards.reading import Shard
from clearsight.training.blocks import arranged

pytest.importorskip("pyarrow")
SIZES = [7, 80, 3, 41, 12, 12, 65, 9, 30, 1, 22, 18]


class Clock:
    """Simulated time for real workers: the one that is to end first is let go when all are at work."""

    def __init__(self) -> None:
        self.now, self.lock, self.begun = 0.0, threading.Condition(), 0
        self.heap: list[tuple[float, int, threading.Event]] = []

    def sleep(self, seconds: float) -> None:
        event = threading.Event()
        with self.lock:
            self.begun += 1
            heapq.heappush(self.heap, (self.now + seconds, self.begun, event))
            self.lock.notify()
        assert event.wait(20), "the driver has stopped"

    def wait(self, under_way, return_when):
        with self.lock:
            self.lock.wait_for(lambda: len(self.heap) == len(under_way), timeout=20)
            self.now, _, event = heapq.heappop(self.heap)
        event.set()
        return wait(under_way, return_when=return_when)


class Timed:
    """A worker that takes the time of `seconds`, and ends at a killer."""

    model = "m" * 64

    def __init__(self, number, clock, seconds, killers) -> None:
        self.number, self.clock, self.seconds, self.killers = number, clock, seconds, killers

    def ask(self, task, told):
        shard = int(task.shard.address)
        stop = SIZES[shard] if task.stop is None else task.stop
        bad = [picture for k, picture in self.killers if k == shard and task.start <= picture < stop]
        whole = self.seconds(self.number, stop - task.start)
        self.clock.sleep(whole * (min(bad) - task.start + 1) / (stop - task.start) if bad else whole)
        if bad:
            raise Ended("SIGSEGV", 0, stop - task.start)
        rows = [{"shard": task.shard.address, "member": str(k), "label": "a"} for k in range(task.start, stop)]
        data, counts = parquet.file_of(rows, {"shard": task.shard.address, "model": self.model, "options": {}})
        return Done(counts, b"" if task.whole else data)

    def close(self) -> None:
        pass


def real(workers, seconds, killers, folder, monkeypatch):
    """The end, the tasks and the workers that ended, of the real driver."""
    clock, begun = Clock(), []
    monkeypatch.setattr(module, "wait", clock.wait)
    job = Job("model", "cpu", "plain", "", None, 0, {"top": 1})

    def start(i):
        begun.append(i)
        return Timed(i, clock, seconds, killers)

    driver = Driver(job, Place(folder), start, workers, Progress("classify", 1, quiet=True))
    driver.work([Task(Shard(str(k), size, str(k)), tuple(map(str, range(size)))) for k, size in enumerate(SIZES)])
    assert driver.pictures == sum(SIZES)
    return clock, driver, begun


@pytest.mark.parametrize(("workers", "killers"), [(1, ()), (3, ()), (4, ((1, 50), (6, 0), (9, 0)))])
def test_the_simulated_batch_is_that_of_the_real_driver(workers, killers, tmp_path, monkeypatch):
    factor = [1.0, 4.0, 1.3, 0.9]
    clock, driver, begun = real(workers, lambda i, n: factor[i] * n, killers, tmp_path, monkeypatch)
    found = classify(SIZES, workers, lambda i, part: factor[i] * part.n, killers=killers)
    assert (found.seconds, found.tasks, found.given_up) == (pytest.approx(clock.now), clock.begun, driver.failed)
    assert found.ended == len(begun) - len(set(begun)) + sum(worker is None for worker in driver._workers)


def test_a_queue_evens_out_slow_workers_which_dealt_shards_do_not():
    shards, seconds = [100] * 400, lambda worker, part: part.n * slow(0.1, 5, seed=3)(worker)
    queue, static = classify(shards, 40, seconds).seconds, dealt(shards, 40, seconds)
    fast = sum(1 / slow(0.1, 5, seed=3)(worker) for worker in range(40))
    assert static == 5 * 1000 and sum(shards) / fast <= queue <= sum(shards) / fast + 500


def test_workers_that_die_lose_half_a_shard_each():
    found = classify([100] * 4000, 10, lambda worker, part: 100.0, mean_life=2000.0, restart=10.0, seed=1)
    assert isinstance(found, Batch) and found.ended == pytest.approx(4000 * 100 / 2000, rel=0.2)
    assert found.lost / found.ended == pytest.approx(50, rel=0.2) and not found.given_up


def test_a_training_computes_again_what_it_had_not_saved():
    calm = train(1000, 8, lambda draw: 1.0, save_every=100, save=2, mean_life=1e12, restart=60)
    assert (calm.seconds, calm.again, calm.restarts) == (1000 + 10 * 2, 0, 0)
    times = {}
    for every in (20, best_interval(2, 8 * 1000, 8), 1000):
        times[every] = sum(
            train(4000, 8, lambda draw: 1.0, save_every=every, save=2, mean_life=8e3, restart=30, seed=s).seconds for s in range(8)
        )
    assert min(times, key=times.get) == best_interval(2, 8 * 1000, 8) == pytest.approx(63.2, abs=0.1)


def test_the_slowest_rank_sets_the_pace():
    def step(draw):
        return 2.0 if draw.random() < 0.01 else 1.0

    alone, many = (train(3000, n, slowest(step, n), save_every=1e9, save=0, mean_life=1e12, restart=0).seconds / 3000 for n in (1, 64))
    assert alone == pytest.approx(1.01, abs=0.01) and many == pytest.approx(2 - 0.99**64, abs=0.04)


def test_downloads_by_blocks_and_by_an_order_over_all():
    blocks = torch.arange(2000) // 50  # 40 shards
    by_blocks, over_all = (blocks[arranged(blocks, window, 0, 0)].tolist() for window in (4, 40))
    assert downloads(by_blocks, 8) == downloads(over_all, 40) == 40
    assert downloads(over_all, 8) == pytest.approx(2000 * (1 - 8 / 40), rel=0.05)
    random.Random(0).shuffle(by_blocks)
    assert downloads(by_blocks, 8) == pytest.approx(1600, rel=0.05)


def test_a_reader_waits_for_the_first_window_and_where_the_line_is_slower():
    assert waits(100, 4, 40, rate=10, link=1, ahead=4) == 4  # 40 s a window, 4 s of the line: only the first is waited for
    slow_line = waits(100, 4, 40, rate=100, link=2, ahead=4)
    assert slow_line == pytest.approx(40 * 2 - 40 * 100 / 100, abs=8)
