"""The driver of a batch: hands tasks to workers, and cuts those whose worker ended until the picture that ends it is found."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

from ..base.errors import ClearsightError, UsageError, listed
from ..base.progress import Progress
from ..base.remote.place import Place
from . import parquet
from .answers import Told, error_row, facts
from .members import members
from .task import ATTEMPTS, Job, Task
from .worker import Done, Ended, Unread

NEAR = 32  # pictures after those that were answered, among which the one that ended its process mostly is
MANY = 10  # pictures that end their process, or shards that cannot be read, from which on they must be few of all


class Worker(Protocol):
    """A process here or elsewhere, with the SHA-256 of its `model`."""

    model: str

    def ask(self, task: Task, told: Told) -> Done:
        """The answers to `task`; raises Ended where it ends in it, Unread where the shard cannot be read, ClearsightError."""
        ...

    def close(self) -> None:
        """End it."""
        ...


Start = Callable[[int], Worker]


class Driver:
    """Workers on a folder of answers: the counts so far, and the parts of shards that were cut."""

    def __init__(self, job: Job, place: Place, start: Start, workers: int, bar: Progress) -> None:
        self.job, self.place, self.start, self.bar = job, place, start, bar
        self.pictures = self.failed = self.ended = 0
        self.model = ""
        self._workers: list[Worker | None] = [None] * workers
        self._free = list(range(workers))
        self._parts: dict[str, dict[int, tuple[int, bytes]]] = defaultdict(dict)  # of a shard that was cut: start → stop and rows
        self._length: dict[str, int] = {}  # pictures of a shard that was cut
        self._unread: list[str] = []
        self._now: dict[int, tuple[Task, int, int]] = {}  # worker → task, pictures done, of how many
        self._bytes = self._before = self._gave_up = 0
        self._began = time.monotonic()
        self._lock = threading.Lock()

    def resume(self, counts: Sequence[dict[str, Any]], tasks: Sequence[Task]) -> None:
        """Count tasks that were done before; raises ClearsightError where their classifier is another one."""
        for one in counts:
            self._count(one)
        self._bytes = sum(task.shard.size for task in tasks)
        self._before = self.pictures
        self.bar.skip(round(self._bytes / 1e6))
        if counts:
            self.model = counts[0]["model"]
            self._workers[0] = self._started(0)

    def work(self, tasks: Sequence[Task]) -> None:
        """Do `tasks`; raises ClearsightError where workers cannot start, a shard cannot be read, or too many pictures end their process."""
        waiting, under_way = list(reversed(tasks)), dict[Future[Done], tuple[int, Task]]()
        self._began = time.monotonic()
        pool = ThreadPoolExecutor(len(self._workers), thread_name_prefix="batch")
        try:
            while waiting or under_way:
                while waiting and self._free:
                    i, task = self._free.pop(), waiting.pop()
                    under_way[pool.submit(self._ask, i, task)] = (i, task)
                for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                    i, task = under_way.pop(future)
                    self._free.append(i)
                    waiting += self._after(task, future)
        finally:
            for worker in self._workers:
                if worker:
                    worker.close()
            pool.shutdown(wait=True, cancel_futures=True)
        if self._unread:
            raise ClearsightError(
                f"{len(self._unread):,} shards could not be read, and have no answers; all others are done. Run the same command again for "
                f"them. {listed(self._unread, 3)}"
            )

    def _ask(self, i: int, task: Task) -> Done:
        worker = self._workers[i] = self._workers[i] or self._started(i)

        def told(n: int, of: int) -> None:
            with self._lock:
                self._now[i] = (task, n, of)
                self._show()

        try:
            return worker.ask(task, told)
        except Ended:
            self._workers[i] = None
            raise
        finally:
            with self._lock:
                self._now.pop(i, None)

    def _started(self, i: int) -> Worker:
        worker = self.start(i)
        with self._lock:
            self.model = self.model or worker.model
        if worker.model != self.model:
            worker.close()
            raise UsageError(
                f"{self.place} has answers of the classifier {self.model[:12]}…, and this one is {worker.model[:12]}…. "
                "Name another folder with --out."
            )
        return worker

    def _after(self, task: Task, future: Future[Done]) -> list[Task]:
        """What is still to do of a task, the first part last; raises ClearsightError."""
        try:
            done = future.result()
        except Ended as ended:
            return self._cut(task, ended)
        except Unread as error:
            self._unread.append(str(error))
            if len(self._unread) >= MANY and self.pictures == self._before:
                raise ClearsightError(f"the first {MANY} shards cannot be read. {listed(self._unread, 3)}") from None
            return []
        if task.whole:
            self._finish(task, done.counts)
        else:
            self._add(task, done.counts["pictures"], done.data)
        return []

    def _cut(self, task: Task, ended: Ended) -> list[Task]:
        """The parts of a task in which a process has ended; before it is at fault, all of it again."""
        if task.tries < ATTEMPTS - 1:
            return [replace(task, tries=task.tries + 1)]
        n = ended.of or self._counted(task, ended.reason)
        if not n:
            return []
        if task.whole:
            self._length[task.key] = n
        stop = task.start + n
        if n == 1:
            self._give_up(replace(task, stop=stop), ended.reason)
            return []
        near = ended.done if 0 < ended.done < n else min(n // 2, NEAR)
        return list(reversed(task.cut(task.start + near, stop)))

    def _counted(self, task: Task, reason: str) -> int:
        """The pictures of a task in which processes ended before they had counted them; 0 where it cannot be read here either."""
        with suppress(ClearsightError, OSError):
            if n := len(members(task)):
                return n
        self._unread.append(f"{task.shard.address}: its process ended {ATTEMPTS} times before the first picture ({reason})")
        return 0

    def _give_up(self, task: Task, reason: str) -> None:
        """A row with the error for the one picture of `task`."""
        self._gave_up += 1
        if self._gave_up >= MANY and self._gave_up * MANY > self.pictures - self._before + sum(self._length.values()):
            raise ClearsightError(f"{self._gave_up:,} pictures ended their process, too many of all. The last: {reason}.")
        data, _ = parquet.file_of([error_row(task, self.model, reason)], {})
        self._add(task, 1, data)

    def _add(self, task: Task, n: int, data: bytes) -> None:
        """Keep the rows of a part; write the shard when all its parts are there."""
        parts = self._parts[task.key]
        parts[task.start] = (task.start + n, data)
        order = sorted(parts)
        ends = [parts[start][0] for start in order]
        if order[0] != 0 or ends[-1] != self._length[task.key] or any(end != start for end, start in zip(ends, order[1:], strict=False)):
            return
        rows = (row for start in order for row in parquet.rows_of(parts[start][1]))
        data, counts = parquet.file_of(rows, facts(self.job, task, self.model))
        self.place.write(task.key + parquet.SUFFIX, data)
        del self._parts[task.key], self._length[task.key]
        self._finish(task, counts)

    def _finish(self, task: Task, counts: dict[str, Any]) -> None:
        self._count(counts)
        with self._lock:
            self._bytes += task.shard.size
            self._show()

    def _count(self, counts: dict[str, Any]) -> None:
        self.pictures += counts["pictures"]
        self.failed += counts["failed"]
        self.ended += counts["ended"]

    def _show(self) -> None:
        """Update the bar, by the bytes of the shards; the caller has the lock."""
        now = [(task.shard.size, n, of) for task, n, of in self._now.values() if task.whole and of]
        pictures = self.pictures + sum(n for _, n, _ in now)
        rate = (pictures - self._before) / max(time.monotonic() - self._began, 1e-9)
        done = round((self._bytes + sum(size * n / of for size, n, of in now)) / 1e6)
        self.bar.update(done - self.bar.done, f"{pictures:,} pictures, {rate:,.0f}/s")
