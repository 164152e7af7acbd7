"""What one worker does at a time, as text that any process or machine understands."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ..datasets.shards.reading import Shard

ATTEMPTS = 3  # processes that may end in a shard, or in one picture, before it is at fault: some are stopped from outside


@dataclass(frozen=True)
class Job:
    """What is asked of every picture: the classifier, how it is computed, and the options of `Classifier.classify_many`."""

    model: str
    device: str = "auto"
    speed: str = "auto"
    engine: str = ""
    views: str | None = None
    batch: int = 0
    asked: Mapping[str, Any] = field(default_factory=dict)  # top, false_alarms, coverage, by_class

    def options(self) -> dict[str, Any]:
        """What changes the rows, apart from the model: a folder of answers has one set of them."""
        return {"views": self.views, **self.asked}


@dataclass(frozen=True)
class Task:
    """The pictures numbered `start` to `stop` (None: to the end) of a shard, or of `files`, each (name, source).

    `size` is in bytes, `tries` the number of processes that have ended in it; `whole` while it was not cut.
    """

    shard: Shard
    files: tuple[str, ...] = ()
    start: int = 0
    stop: int | None = None
    tries: int = 0

    @property
    def whole(self) -> bool:
        """Whether it is all of its shard."""
        return self.start == 0 and self.stop is None

    @property
    def key(self) -> str:
        """The name of the Parquet file, without suffix: a readable part, and a digest that changes with the content."""
        content = "\n".join([self.shard.state, str(self.shard.size), *self.files])
        name = self.shard.address.rstrip("/").rpartition("/")[2].partition(".")[0] or "pictures"
        safe = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "_" for letter in name)[:60]
        return f"{safe}-{hashlib.blake2b(content.encode('utf-8', 'surrogateescape'), digest_size=8).hexdigest()}"

    def cut(self, at: int, stop: int) -> tuple["Task", "Task"]:
        """The parts before and from `at`; the end is `stop`."""
        return replace(self, stop=at, tries=_tries(at - self.start)), replace(self, start=at, stop=stop, tries=_tries(stop - at))


def _tries(pictures: int) -> int:
    """A part is cut when its next process ends; a single picture has all attempts of its own."""
    return 0 if pictures == 1 else ATTEMPTS - 1


def packed(value: Job | Task) -> str:
    """A job or task as one line of JSON."""
    return json.dumps(asdict(value))


def job_of(text: str) -> Job:
    """The inverse of `packed`."""
    return Job(**json.loads(text))


def task_of(text: str) -> Task:
    """The inverse of `packed`."""
    table = json.loads(text)
    return Task(**{**table, "shard": Shard(**table["shard"]), "files": tuple(table["files"])})
