"""Workers as actors of a Ray cluster: the same function as on one machine, and the same driver.

An actor that ends is never restarted by Ray, which would try a picture that ends it for ever: the driver starts another and cuts the task.
"""

import time
from collections.abc import Callable
from typing import Any

from ..base.errors import ClearsightError, UsageError
from ..base.remote.cluster import join_ray
from .answers import Told
from .task import Job, Task, job_of, packed, task_of
from .worker import Done, Ended, Unread, opened, perform

POLL = 0.5  # seconds between two questions to an actor


class Actor:
    """What runs in a process of the cluster; answers are tuples, since Ray wraps exceptions."""

    def __init__(self, job: str, out: str) -> None:
        self.job, self.out, self.n = job_of(job), out, (0, -1)
        self.classifier: Any = None

    def open(self) -> tuple[str, str]:
        """The digest of the model, and an error: one of both."""
        try:
            self.classifier = opened(self.job)
        except ClearsightError as error:
            return "", str(error)
        return self.classifier.weights_digest, ""

    def work(self, task: str) -> tuple[str, Any, bytes]:
        """`done`, counts and rows; or `unread` or `refused`, and why."""
        self.n = (0, -1)
        try:
            done = perform(self.classifier, self.job, task_of(task), self.out, self._told)
        except Unread as error:
            return "unread", str(error), b""
        except ClearsightError as error:
            return "refused", str(error), b""
        return "done", done.counts, done.data

    def at(self) -> tuple[int, int]:
        """Pictures done, of how many; -1 before they are counted."""
        return self.n

    def _told(self, n: int, of: int) -> None:
        self.n = (n, of)


class OnRay:
    """One actor, as the driver sees it; ended when there is no answer for `seconds`."""

    def __init__(self, ray: Any, job: Job, out: str, resources: dict[str, float], seconds: float) -> None:
        self.ray, self.seconds = ray, seconds
        remote = ray.remote(Actor).options(max_restarts=0, max_task_retries=0, max_concurrency=2, **resources)
        self.actor = remote.remote(packed(job), out)
        try:
            self.model, refused = ray.get(self.actor.open.remote())
        except ray.exceptions.RayError as error:
            raise ClearsightError(f"a worker on Ray ended before its first picture: {_reason(error)}.") from error
        if refused:
            raise UsageError(refused)

    def ask(self, task: Task, told: Told) -> Done:
        """The answers to `task`; raises Ended if the actor does, Unread for a shard that cannot be read, ClearsightError."""
        seen: tuple[int, int] = (0, -1)
        changed = time.monotonic()
        answer = self.actor.work.remote(packed(task))
        try:
            while not self.ray.wait([answer], timeout=POLL)[0]:
                now = self._at(seen)
                if now != seen:
                    seen, changed = now, time.monotonic()
                    told(*seen)
                if seen[1] >= 0 and time.monotonic() - changed > self.seconds:
                    self.close()
                    raise Ended(f"no answer for {self.seconds:g} s", *seen)
            kind, found, data = self.ray.get(answer)
        except self.ray.exceptions.RayError as error:
            self.close()
            raise Ended(_reason(error), seen[0], None if seen[1] < 0 else seen[1]) from error
        if kind == "unread":
            raise Unread(found)
        if kind == "refused":
            raise ClearsightError(found)
        return Done(found, data)

    def close(self) -> None:
        """End the actor."""
        self.ray.kill(self.actor, no_restart=True)

    def _at(self, before: tuple[int, int]) -> tuple[int, int]:
        """The pictures done; as before where the actor is too busy to tell."""
        question = self.actor.at.remote()
        ready, _ = self.ray.wait([question], timeout=POLL)
        return tuple(self.ray.get(question)) if ready else before


def starter(job: Job, out: str, *, workers: int, seconds: float, cores: int) -> tuple[int, Callable[[int], OnRay]]:
    """The number of workers (0: as many as the cluster has room for), and the function that starts one.

    Joins the cluster of RAY_ADDRESS, or starts one on this machine. Raises MissingExtra, ClearsightError, and UsageError for more workers
    than have room.
    """
    ray = join_ray()
    there = ray.cluster_resources()
    gpus, cpus = int(there.get("GPU", 0)) if job.device in ("auto", "cuda") else 0, int(there.get("CPU", 1))
    cores = max(1, min(cores, cpus // workers if workers else cpus))
    room = gpus or max(1, cpus // cores)
    if workers > room:
        raise UsageError(f"--workers must be at most {room}, for which the cluster has room. Got {workers}.")
    resources: dict[str, float] = {"num_gpus": 1} if gpus else {"num_cpus": cores}
    return workers or room, lambda _: OnRay(ray, job, out, resources, seconds)


def _reason(error: Exception) -> str:
    """The error of Ray in one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1] if lines else ''}"[:300]
