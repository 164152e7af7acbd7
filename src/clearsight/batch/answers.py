"""The pure function of a batch: the pictures of a task to rows, the same on any process or machine."""

import io
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from itertools import islice
from typing import Any

from ..base.remote.address import is_address, joined, shown
from ..base.remote.store import read_all
from ..classifier import Classifier, Failure
from .members import Member, members
from .parquet import ENDED
from .task import Job, Task

Told = Callable[[int, int], object]  # pictures done, of how many
FETCHERS = 16  # requests under way at once for loose files at an address


class _Named(io.BytesIO):
    """The bytes of a picture, with the name of messages."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


def answers(classifier: Classifier, job: Job, task: Task, told: Told) -> Iterator[dict[str, Any]]:
    """A row for each picture of `task`, in order; `told` gets the number done. Raises ClearsightError where the shard cannot be read.

    A picture that cannot be decoded is a row with its error; a shard that cannot be read never is.
    """
    chosen = members(task)
    told(0, len(chosen))
    found = classifier.classify_many(_sources(task, chosen), batch_size=job.batch, **job.asked)
    for done, (member, answer) in enumerate(zip(chosen, found, strict=True), 1):
        row: dict[str, Any] = {"shard": shown(task.shard.address), "member": member.name}
        if isinstance(answer, Failure):
            yield row | {"error": answer.error, "model": classifier.weights_digest}
        else:
            yield row | {name: value for name, value in asdict(answer).items() if name != "source"}
        told(done, len(chosen))


def facts(job: Job, task: Task, model: str) -> dict[str, Any]:
    """What a file of answers says of itself."""
    return {"model": model, "shard": shown(task.shard.address), "options": job.options()}


def error_row(task: Task, model: str, reason: str) -> dict[str, Any]:
    """The row of the one picture of `task` that ends its process."""
    return {"shard": shown(task.shard.address), "member": members(task)[0].name, "error": f"{ENDED} ({reason})", "model": model}


def _sources(task: Task, chosen: Sequence[Member]) -> Iterator[Any]:
    """What `decode` takes, for each member."""
    if not task.files:
        return (_Named(member.span.read(), member.name) for member in chosen if member.span)
    if is_address(task.shard.address):
        return _fetched(task.shard.address, chosen)
    return (f"{task.shard.address}/{member.name}" for member in chosen)


def _fetched(address: str, chosen: Sequence[Member]) -> Iterator[_Named]:
    """Loose files at an address, read a few ahead."""

    def fetch(member: Member) -> _Named:
        return _Named(read_all(joined(address, member.name)), member.name)

    waiting = iter(chosen)
    with ThreadPoolExecutor(FETCHERS, thread_name_prefix="fetch") as pool:
        ahead: deque[Future[_Named]] = deque(pool.submit(fetch, member) for member in islice(waiting, 2 * FETCHERS))
        while ahead:
            ready = ahead.popleft().result()
            ahead.extend(pool.submit(fetch, member) for member in islice(waiting, 1))
            yield ready
