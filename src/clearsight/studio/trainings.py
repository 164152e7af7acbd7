"""Trainings that a page starts: commands in sessions of their own, that outlive the studio and are found again by their run folders."""

import hashlib
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..base.errors import ClearsightError, UsageError, plain
from ..base.files import cache_folder, private_folder
from ..base.lock import holder
from ..base.settings import read_toml
from ..recipes.recipe import code_in
from ..runs.state import BEGUN, run_name, state_of
from .jobs import NICER
from .library import Data, Library, data
from .runs import described, id_of

DEMO = data("digits")  # a data set that is always there
LINES, TAIL = 12, 2**14  # of a log that are shown; bytes that are read for it
STARTING = "starting"  # a state: its process is there, and has not locked the folder yet


@dataclass
class Trainings:
    """Starts, stops and continues the runs of a library; what they print is kept in a private folder of the cache."""

    library: Library
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _asked: dict[str, int] = field(default_factory=dict)  # processes that were asked to stop: a second time they would not save
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def sets(self) -> dict[str, Data]:
        """The data sets to train on."""
        return {**self.library.data, DEMO.id: DEMO}

    def words(self, data: str, options: Sequence[str]) -> list[str]:
        """The command of a training, but for its folder; raises ClearsightError for another data set than those of the studio."""
        if data not in self.sets():
            raise ClearsightError("this data set is not in the studio: start it with clearsight studio DATA.")
        words = self.sets()[data].words
        return ["train", *options, *(("--", words) if words.startswith("-") else (words,))]

    def start(self, data: str, options: Sequence[str]) -> tuple[str, list[str]]:
        """Begin a new run; its id, and the command."""
        words = self.words(data, options)
        named = [options[k + 1] for k, word in enumerate(options[:-1]) if word == "--model"]
        with self._lock:
            name = self._free(run_name(words[-1], *(named or ["run"])))
            return self._run(name, [*words[:1], "--out", str(self.library.runs.folder / name), *words[1:]])

    def go_on(self, id: str) -> tuple[str, list[str]]:
        """Resume a run that has begun."""
        folder = self.library.runs.path(id)
        with self._lock:
            if state_of(folder) == "running" or self.alive(id):
                raise UsageError("this training runs already.")
            return self._run(folder.name, resuming(folder))

    def longer(self, id: str, epochs: int) -> tuple[str, list[str]]:
        """Begin a new run by the recipe of a finished one, from its weights."""
        folder = self.library.runs.path(id)
        words = str(described(folder / "run.json").get("data", ""))
        if state_of(folder) != "finished" or not words:
            raise UsageError("only a finished run on data with a name is trained longer.")
        _require_no_code(folder)
        options = ["--recipe", str(folder / BEGUN), "--from", str(folder), "--epochs", str(epochs)]
        with self._lock:
            name = self._free(f"{folder.name.removesuffix('-longer')[:90]}-longer")
            return self._run(name, ["train", "--out", str(self.library.runs.folder / name), *options, words])

    def stop(self, id: str) -> None:
        """Ask the process of a run to save and end, as Ctrl-C does; raises UsageError where no process can be asked."""
        if sys.platform == "win32":
            raise UsageError("on Windows a training is stopped by Ctrl-C in its own window.")
        process = self.processes.get(id)
        with suppress(ClearsightError):
            if found := holder(self.library.runs.path(id)):
                if self._asked.get(id) != found:
                    self._asked[id] = found
                    os.kill(found, signal.SIGINT)
                return
        if process is None or process.poll() is not None:
            raise UsageError("no training of this user on this machine runs there.")
        process.send_signal(signal.SIGINT)  # it has not begun yet

    def alive(self, id: str) -> bool:
        """Whether a process that this studio has started for a run has not ended."""
        return (process := self.processes.get(id)) is not None and process.poll() is None

    def going(self) -> bool:
        """Whether a training that this studio has started needs the processors."""
        return any(one.poll() is None for one in list(self.processes.values()))

    def failed(self, id: str) -> bool:
        """Whether a process that this studio has started for a run has ended with an error of its own, and not by a signal."""
        return (process := self.processes.get(id)) is not None and process.poll() in (1, 2)

    def said(self, id: str) -> list[str]:
        """The last lines that the newest training of a run has printed."""
        try:
            with self._log(id).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
                lines = file.read().decode("utf-8", "replace").splitlines()
        except OSError:
            return []
        return [plain(line) for line in lines if line.strip()][-LINES:]

    def _run(self, name: str, words: list[str]) -> tuple[str, list[str]]:
        id = id_of(name)
        log = os.open(self._log(id), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            process = subprocess.Popen(  # of a session of its own: neither Ctrl-C nor the end of the studio is its
                [sys.executable, "-m", "clearsight", *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        finally:
            os.close(log)
        self.processes[id] = process
        if hasattr(os, "setpriority"):
            with suppress(OSError):  # it has ended
                os.setpriority(os.PRIO_PROCESS, process.pid, NICER)
        return id, words

    def _log(self, id: str) -> Path:
        here = hashlib.sha256(os.fsencode(self.library.runs.folder.absolute())).hexdigest()[:16]
        return private_folder(private_folder(cache_folder() / "studio") / here) / f"{id}.log"

    def _free(self, stem: str) -> str:
        number = 1
        while True:
            name = stem if number == 1 else f"{stem}-{number}"
            if not (self.library.runs.folder / name).exists() and not self.alive(id_of(name)):
                return name
            number += 1


def resuming(folder: Path) -> list[str]:
    """The command that resumes the run in a folder; raises UsageError for one that runs code, which only a command line may allow."""
    _require_no_code(folder)
    return ["pretrain" if "temperature" in read_toml(folder / BEGUN) else "train", "--resume", str(folder)]


def _require_no_code(folder: Path) -> None:
    if code_in(read_toml(folder / BEGUN)):
        words = shlex.join(["clearsight", "train", "--resume", str(folder), "--allow-code"])
        raise UsageError(f"the recipe of this run names code, which a page does not run: {plain(words)}.")
