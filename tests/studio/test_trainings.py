"""Trainings are commands of their own, with data by id, names that are free, and an end by the process that holds the lock."""

import os
import signal
import subprocess
import sys

import pytest

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.studio import trainings as module
from clearsight.studio.library import Library, data
from clearsight.studio.runs import Runs, id_of
from clearsight.studio.trainings import DEMO, Trainings
from tests.base.test_lock import HOLDER
from tests.studio.test_runs import written

# ends with 3 a second after SIGINT, and with 9 if there is another
HEEDS = """
import signal, sys, time
def first(*_):
    signal.signal(signal.SIGINT, lambda *_: sys.exit(9))
    time.sleep(1)
    sys.exit(3)
signal.signal(signal.SIGINT, first)
"""


class Process:
    """A process that a test ends."""

    code = None

    def __init__(self, words):
        self.words, self.pid, self.signals = words, os.getpid(), []

    def poll(self):
        return self.code

    def send_signal(self, number):
        self.signals.append(number)


@pytest.fixture
def trainings(tmp_path, monkeypatch):
    started = []

    def popen(words, **options):
        assert options["start_new_session"] and isinstance(words, list)
        os.write(options["stdout"], b"loading\n\x1b[31mdone\n")
        started.append(Process(words))
        return started[-1]

    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(module.subprocess, "Popen", popen)
    monkeypatch.setattr(module.os, "setpriority", lambda *_: None)
    photos = data("-photos")
    found = Trainings(Library(tmp_path, data={photos.id: photos}, runs=Runs(tmp_path / "runs")))
    found.started = started
    return found


def test_a_training_has_a_name_that_is_free(trainings, tmp_path):
    id, words = trainings.start(DEMO.id, ["--model", "lenet5"])
    assert id == id_of("digits-lenet5") and words == [
        "train",
        "--out",
        str(tmp_path / "runs" / "digits-lenet5"),
        "--model",
        "lenet5",
        "digits",
    ]
    assert trainings.started[0].words == [sys.executable, "-m", "clearsight", *words]
    assert trainings.start(DEMO.id, ["--model", "lenet5"])[0] == id_of("digits-lenet5-2")  # its folder is not there yet
    written(tmp_path / "runs" / "digits-run")
    assert trainings.start(DEMO.id, [])[0] == id_of("digits-run-2")
    assert trainings.said(id) == ["loading", r"\x1b[31mdone"] and trainings.said("r_other") == []
    assert trainings.alive(id) and not trainings.failed(id) and trainings.going()
    trainings.started[0].code = 2
    assert trainings.going()  # the second one
    for one in trainings.started:
        one.code = 2
    assert not trainings.going()
    assert not trainings.alive(id) and trainings.failed(id)


def test_data_are_those_of_the_studio(trainings):
    photos = next(iter(trainings.library.data))
    assert trainings.words(photos, [])[-2:] == ["--", "-photos"]
    with pytest.raises(ClearsightError, match="not in the studio"):
        trainings.words("/etc", [])


def test_it_goes_on_and_goes_on_longer(trainings, tmp_path):
    folder = written(tmp_path / "runs" / "one")
    id, words = trainings.go_on(id_of("one"))
    assert words == ["train", "--resume", str(folder)]
    with pytest.raises(UsageError, match="runs already"):
        trainings.go_on(id)
    with pytest.raises(UsageError, match="finished"):
        trainings.longer(id, 3)
    (folder / "config.json").write_text("{}")
    longer, words = trainings.longer(id, 3)
    assert longer == id_of("one-longer") and words[3:] == [
        "--recipe", str(folder / "recipe.toml"), "--from", str(folder), "--epochs", "3", "digits",
    ]  # fmt: skip
    (folder / "recipe.toml").write_text('model = "@evil:Net"\n')
    with pytest.raises(UsageError, match="names code"):
        trainings.longer(id, 3)
    (folder / "recipe.toml").write_text("temperature = 0.1\n")
    trainings.started[0].code = 0
    assert trainings.go_on(id)[1][0] == "pretrain"


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_the_holder_of_the_lock_is_asked_to_end(trainings, tmp_path, monkeypatch):
    folder = written(tmp_path / "runs" / "one")
    with pytest.raises(UsageError, match="no training of this user"):
        trainings.stop(id_of("one"))
    monkeypatch.undo()
    with subprocess.Popen(
        [sys.executable, "-c", HEEDS + HOLDER, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        process.stdout.readline()
        trainings.stop(id_of("one"))
        trainings.stop(id_of("one"))  # a second signal would not let it save
        assert process.wait(60) == 3
    id = id_of("two")
    trainings.processes[id] = process = Process([])  # one that has not begun yet
    trainings.stop(id)
    assert process.signals == [signal.SIGINT]
