"""Long computations: commands of this program in processes of their own, of low priority, whose JSON is what a page shows."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ..base.errors import plain
from ..base.progress_file import latest

NICER = 10  # a job waits for what a person clicks


class Told(NamedTuple):
    """The state of a job, none, running, done, failed or stopped; the last line it said, or why it failed; its JSON when it is done."""

    state: str
    said: str
    result: Any


NONE = Told("none", "", None)


@dataclass
class Job:
    """One command while it runs, and what came of it."""

    process: subprocess.Popen[bytes]
    progress: Path
    said: str = ""
    stopped: bool = False
    result: Any = None
    ended: threading.Event = field(default_factory=threading.Event)

    def follow(self) -> None:
        """Read what the command prints until it ends."""
        listener = threading.Thread(target=self._listen, daemon=True)
        listener.start()
        assert self.process.stdout
        out = self.process.stdout.read()
        listener.join()
        self.process.wait()
        self.process.stdout.close()
        self.progress.unlink(missing_ok=True)
        with contextlib.suppress(ValueError):
            self.result = json.loads(out)
        self.ended.set()

    def _listen(self) -> None:
        assert self.process.stderr
        with self.process.stderr as lines:
            for line in lines:
                if words := line.decode("utf-8", "replace").strip():
                    self.said = plain(words)

    def told(self) -> Told:
        """Its state."""
        if not self.ended.is_set():
            return Told("running", _moved(latest(self.progress)) or self.said, None)
        if self.stopped:
            return Told("stopped", "", None)
        if self.result is None:
            return Told("failed", self.said or f"it ended with the exit status {self.process.returncode}.", None)
        return Told("done", self.said, self.result)


def _moved(line: dict[str, Any]) -> str:
    """A line of progress in words; empty where no bar has moved."""
    if line.get("state") != "running":
        return ""
    of = f"/{line['total']:,}" if line["total"] else ""
    return plain(f"{line['label']} {line['done']:,}{of} {line['unit']}")


class Jobs:
    """Jobs by their command: each runs once, and again only where it failed or was stopped."""

    def __init__(self) -> None:
        self.jobs: dict[tuple[str, ...], Job] = {}
        self.lock = threading.Lock()

    def start(self, *words: str) -> Told:
        """Run `clearsight WORDS` unless it runs or is done."""
        with self.lock:
            if (known := self.told(*words)).state in ("running", "done"):
                return known
            handle, progress = tempfile.mkstemp(".jsonl", "clearsight-")
            os.close(handle)
            end = words.index("--") if "--" in words else len(words)  # where options end
            line = [sys.executable, "-m", "clearsight", *words[:end], "--progress", progress, *words[end:]]
            process = subprocess.Popen(  # of a session of its own: Ctrl-C is the parent's
                line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
            )
            if hasattr(os, "setpriority"):
                with contextlib.suppress(OSError):  # it has ended
                    os.setpriority(os.PRIO_PROCESS, process.pid, NICER)
            job = self.jobs[words] = Job(process, Path(progress))
            threading.Thread(target=job.follow, daemon=True).start()
            return job.told()

    def told(self, *words: str) -> Told:
        """The state of the job of a command."""
        return self.jobs[words].told() if words in self.jobs else NONE

    def going(self) -> bool:
        """Whether one runs."""
        return any(not one.ended.is_set() for one in list(self.jobs.values()))

    def stop(self, *words: str) -> Told:
        """End a job; what it has found is lost."""
        if (job := self.jobs.get(words)) and not job.ended.is_set():
            job.stopped = True
            job.process.kill()
            job.ended.wait()
        return self.told(*words)

    def close(self) -> None:
        """End every job."""
        for words in list(self.jobs):
            self.stop(*words)
