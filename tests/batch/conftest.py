"""Shards of scans, and workers in this process that end where a picture's name says so."""

import io
import os
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from clearsight.base.errors import ClearsightError
from clearsight.base.remote.place import Place
from clearsight.batch import local
from clearsight.batch.members import members
from clearsight.batch.parquet import rows_of
from clearsight.batch.task import Job, Task
from clearsight.batch.worker import Done, Ended, Unread, opened, perform
from clearsight.classifier import save
from clearsight.exports.comparison import drawn
from tests.exports.made import spread


@dataclass
class Inside:
    """A worker without a process: `log` are the tasks asked of all of them, `killed` numbers of tasks in which it is ended from outside."""

    job: Job
    out: str
    classifier: object
    log: list[Task]
    killed: set[int] = field(default_factory=set)

    @property
    def model(self) -> str:
        return self.classifier.weights_digest

    def ask(self, task: Task, told) -> Done:
        self.log.append(task)
        try:
            chosen = members(task)
        except ClearsightError as error:
            raise Unread(str(error)) from None
        if any("killer" in member.name for member in chosen) or len(self.log) in self.killed:
            raise Ended("SIGSEGV", 0, len(chosen) if len(self.log) % 2 else None)
        return perform(self.classifier, self.job, task, self.out, told)

    def close(self) -> None:
        pass


@pytest.fixture
def inside(monkeypatch):
    """Workers in this process; returns their log, whose `killed` may be set."""

    class Log(list):
        killed: set[int]

    log = Log()
    log.killed = set()

    def starter(job, out, *, workers, seconds):
        classifier = opened(job)
        return lambda i: Inside(job, out, classifier, log, log.killed)

    monkeypatch.setattr(local, "starter", starter)
    return log


@pytest.fixture(scope="session")
def model(tmp_path_factory) -> Path:
    """The artefact of a network of random weights, with four golden samples."""
    classifier, folder = spread("lenet5", size=32), tmp_path_factory.mktemp("model") / "run"
    save(classifier, folder, drawn(classifier.preprocessing)[:4])
    return folder


@pytest.fixture(scope="session")
def tars(tmp_path_factory, model) -> Path:
    """Three uneven tar shards of golden samples: the second has a broken picture, and a member that is no picture."""
    folder = tmp_path_factory.mktemp("tars")
    pngs = [path.read_bytes() for path in sorted((model / "golden").glob("*.png"))]
    for k, names in enumerate((range(5), range(3), range(9))):
        content = {f"{k}{n}.png": pngs[n % len(pngs)] for n in names}
        if k == 1:
            content |= {"broken.png": b"\x89PNG\r\n\x1a\nrubbish", "labels.cls": b"3"}
        pack(folder / f"train-{k:04d}.tar", content)
    return folder


def pack(path: Path, content: dict[str, bytes]) -> None:
    with tarfile.open(path, "w") as file:
        for name, data in content.items():
            one = tarfile.TarInfo(name)
            one.size = len(data)
            file.addfile(one, io.BytesIO(data))


def rows(out) -> list[dict]:
    place = Place(out)
    return [row for name in place.names() if name.endswith(".parquet") for row in rows_of(place.read(name))]


def keys(out) -> list[tuple[str, str]]:
    return [(os.path.basename(row["shard"]), row["member"]) for row in rows(out)]
