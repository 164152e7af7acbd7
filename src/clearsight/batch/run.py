"""Classify many pictures: hand shards to workers, cut those whose process ended until the picture is found, write the counts."""

import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.errors import UsageError, listed, unknown, wrong
from ..base.files import sweep
from ..base.lock import hold
from ..base.progress import Progress
from ..base.remote.lease import Lease
from ..base.remote.place import Place
from ..base.result import Result
from ..runs import mirror
from . import local, parquet
from .driver import Driver, Start
from .plan import plan
from .task import Job, Task

SUCCESS = "_SUCCESS"
FORMAT = "clearsight-answers"
SECONDS = 120.0  # without an answer, after which a process is ended
RUNNERS = ("local", "ray")
CORES = 4  # of one worker, without a GPU
READERS = 16  # footers of finished files that are read at once


@dataclass(frozen=True)
class BatchResult(Result):
    """What was classified: `pictures` rows in `shards` files of the folder `out`, `failed` of them with an error instead of an answer.

    `ended` of these ended the process that classified them; `skipped` shards were done before. `notes` are lines for the user.
    """

    out: str
    model: str
    shards: int
    skipped: int
    pictures: int
    failed: int
    ended: int
    seconds: float
    notes: tuple[str, ...] = ()

    def headline(self) -> str:
        """The result in one sentence."""
        before = f" ({self.skipped:,} of them were done before)" if self.skipped else ""
        errors = f"; {self.failed:,} of them have an error instead of an answer" if self.failed else ""
        return f"{self.pictures:,} pictures of {self.shards:,} shards are classified in {self.out}{before}{errors}"


def classify_shards(
    model: str | Path,
    pictures: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    workers: int = 0,
    on: str = "local",
    device: str = "auto",
    speed: str = "auto",
    engine: str = "",
    views: str | None = None,
    batch: int = 0,
    seconds: float = SECONDS,
    quiet: bool = False,
    **asked: Any,
) -> BatchResult:
    """Classify every picture of `pictures` (tar shards, folders, files, patterns, addresses) into Parquet files in `out`, one a shard.

    Files of `out` that are there are not computed again; `_SUCCESS` with the exact counts is written last. `workers` are processes (0: one
    for each GPU, or for four cores), `on` is "local" or "ray", `seconds` without an answer end a process, and `asked` are the words of
    `Classifier.classify_many`. Raises UsageError, MissingExtra, InUse, ClearsightError; what is done stays.
    """
    parquet.require()
    if on not in RUNNERS:
        raise unknown("runner", on, RUNNERS)
    if workers < 0 or seconds <= 0:
        raise wrong("workers and seconds", "0 or more, and above 0", (workers, seconds))
    start = time.monotonic()
    job = Job(str(model), device, speed, engine, views, batch, {"top": 5} | asked)
    place, notes = Place(out), list[str]()
    words = [str(word) for word in ([pictures] if isinstance(pictures, str | Path) else pictures)]
    tasks = plan(words, notes)
    with ExitStack() as stack:
        held = _locked(place, stack)
        notes += held.note.splitlines() if held else []
        done = _finished(place, tasks, job)
        bar = stack.enter_context(Progress("classify", round(sum(task.shard.size for task in tasks) / 1e6), "MB", quiet=quiet))
        driver = _driver(job, place, on, workers, seconds, bar)
        driver.resume(list(done.values()), [task for task in tasks if task.key in done])
        driver.work([task for task in tasks if task.key not in done])
        result = BatchResult(
            str(place), driver.model, len(tasks), len(done), driver.pictures, driver.failed, driver.ended,
            round(time.monotonic() - start, 1), tuple(notes),
        )  # fmt: skip
        if held:
            held.require()
        place.write(SUCCESS, json.dumps({"format": FORMAT, "format_version": 1, **result.to_json(), "options": job.options()}).encode())
    return result


def _locked(place: Place, stack: ExitStack) -> Lease | None:
    """The lock of a folder of answers in a store; None for a folder of this machine, which is locked too. Raises InUse, StoreError."""
    if place.remote:
        return stack.enter_context(mirror.sole(place.folder))
    stack.enter_context(hold(Path(place.folder)))
    sweep(Path(place.folder))
    return None


def _driver(job: Job, place: Place, on: str, workers: int, seconds: float, bar: Progress) -> Driver:
    start: Start
    if on == "ray":
        from . import on_ray

        workers, start = on_ray.starter(job, place.folder, workers=workers, seconds=seconds, cores=CORES)
    else:
        workers = workers or local.gpus_of(job.device) or max(1, (os.cpu_count() or 1) // CORES)
        start = local.starter(job, place.folder, workers=workers, seconds=seconds)
    return Driver(job, place, start, workers, bar)


def _finished(place: Place, tasks: Sequence[Task], job: Job) -> dict[str, dict[str, Any]]:
    """The counts of each task that is done, by its key; raises UsageError for a folder of other answers."""
    names = [name for name in place.names() if name.endswith(parquet.SUFFIX)]
    wanted = {task.key + parquet.SUFFIX for task in tasks}
    if others := sorted(set(names) - wanted):
        raise UsageError(
            f"{place} has answers to shards that are not among these, or have changed since: {listed(others, 3)}. "
            "Name another folder with --out, or remove them."
        )
    if len(names) < len(tasks):
        place.remove(SUCCESS)  # until all are done again
    with ThreadPoolExecutor(READERS) as pool:
        counts = list(pool.map(lambda name: parquet.counts_of(place, name), names))
    for name, facts in zip(names, counts, strict=True):
        if facts["options"] != json.loads(json.dumps(job.options())):
            raise UsageError(
                f"{place} has answers to other options: {name} has {facts['options']}, now {job.options()} are asked for. "
                "Name another folder with --out."
            )
    return {name.removesuffix(parquet.SUFFIX): facts for name, facts in zip(names, counts, strict=True)}
