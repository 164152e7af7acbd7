"""A worker process: reads the job and then one task after the other on its standard input, and answers in lines of JSON.

An answer is `ready`, `at` (pictures done, of how many), `done` (with the Parquet file after the line, unless it was written in place),
`unread` (the shard) or `refused` (anything else that is wrong). The process ends with its standard input.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import IO, Any, NamedTuple

from ..base.errors import ClearsightError
from ..base.remote.address import shown
from ..base.remote.place import Place
from ..classifier import Classifier
from . import parquet
from .answers import Told, answers, facts
from .task import Job, Task, job_of, task_of

EVERY = 0.5  # seconds between two lines on the pictures done


class Unread(Exception):
    """A shard that cannot be read, and why: others can go on."""


class Ended(Exception):
    """A worker ended in its task; `reason` in words, `done` pictures were answered of `of`, None before they were counted."""

    def __init__(self, reason: str, done: int = 0, of: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.done, self.of = reason, done, of


class Done(NamedTuple):
    """A task that is done: the counts of its file, and the file, empty where it was written in place."""

    counts: dict[str, Any]
    data: bytes


def opened(job: Job) -> Classifier:
    """The classifier of a job, on its device at its speed; raises ClearsightError."""
    from ..base.compute.device import pick_device
    from ..exports.open import open_classifier

    classifier = open_classifier(job.model, device=pick_device(job.device), engine=job.engine).faster(job.speed)
    return classifier if job.views is None else classifier.viewed(job.views)


def perform(classifier: Classifier, job: Job, task: Task, out: str, told: Told) -> Done:
    """Answer `task`; a whole shard is written to the folder `out`, a part of one is returned.

    Raises Unread for the shard, ClearsightError for the folder.
    """
    try:
        data, counts = parquet.file_of(answers(classifier, job, task, told), facts(job, task, classifier.weights_digest))
    except ClearsightError as error:
        raise Unread(str(error)) from error
    except OSError as error:
        raise Unread(f"cannot read {shown(task.shard.address)}: {error.strerror or error}.") from error
    if task.whole:
        Place(out).write(task.key + parquet.SUFFIX, data)
    return Done(counts, b"" if task.whole else data)


def serve(requests: IO[bytes], replies: IO[bytes]) -> None:
    """Answer tasks until there are no more."""
    send = _sender(replies)
    out, job = json.loads(requests.readline())["out"], job_of(requests.readline().decode())
    try:
        classifier = opened(job)
        send({"kind": "ready", "model": classifier.weights_digest})
        while line := requests.readline():
            try:
                done = perform(classifier, job, task_of(line.decode()), out, _Pace(send).told)
                send({"kind": "done", "counts": done.counts, "length": len(done.data)}, done.data)
            except Unread as error:
                send({"kind": "unread", "error": str(error)})
    except ClearsightError as error:
        send({"kind": "refused", "error": str(error), "code": error.exit_code})


class _Pace:
    """Sends the first and the last count of a task, and a few a second between."""

    def __init__(self, send: Callable[..., None]) -> None:
        self.send, self.last = send, 0.0

    def told(self, n: int, of: int) -> None:
        """`n` of the pictures are done."""
        now = time.monotonic()
        if n in (0, of) or now > self.last + EVERY:
            self.last = now
            self.send({"kind": "at", "n": n, "of": of})


def _sender(replies: IO[bytes]) -> Callable[..., None]:
    def send(line: dict[str, Any], data: bytes = b"") -> None:
        replies.write(json.dumps(line).encode() + b"\n" + data)
        replies.flush()

    return send


if __name__ == "__main__":
    own = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints does not write into an answer
    serve(sys.stdin.buffer, own)
