"""Workers as processes of this machine, started afresh (never forked: fsspec hangs after a fork)."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..base.errors import ClearsightError, UsageError
from .answers import Told
from .task import Job, Task, packed
from .worker import Done, Ended, Unread

LAST_LINE = 300  # characters of what a process that ended wrote last


class Process:
    """One worker process; ended when a picture takes more than `seconds`."""

    def __init__(self, job: Job, out: str, *, seconds: float, threads: int) -> None:
        self.seconds = seconds
        self.late = False
        self.said = tempfile.TemporaryFile()  # noqa: SIM115 — its stderr, read when it has ended
        environment = {**os.environ, **{name: os.environ.get(name, str(threads)) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}}
        self.process = subprocess.Popen(  # of a session of its own: Ctrl-C is the parent's
            [sys.executable, "-m", "clearsight.batch.worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.said, env=environment, start_new_session=True,
        )  # fmt: skip
        try:
            self._write(json.dumps({"out": out}), packed(job))
            line = self._line()
        except (OSError, ValueError) as error:
            reason = self._reason()
            self.close()
            raise ClearsightError(f"a worker process ended before its first picture ({reason}).") from error
        self._require_accepted(line)
        self.model: str = line["model"]

    def ask(self, task: Task, told: Told) -> Done:
        """The answers to `task`; raises Ended if the process does, Unread for a shard that cannot be read, ClearsightError."""
        done, of, clock = 0, None, threading.Timer(0, str)
        try:
            self._write(packed(task))
            while (line := self._line())["kind"] == "at":
                clock.cancel()
                done, of = line["n"], line["of"]
                told(done, of)
                clock = threading.Timer(self.seconds, self._end_late)  # from the first count on: a shard may take long to arrive
                clock.start()
            self._require_accepted(line)
            if line["kind"] == "unread":
                raise Unread(line["error"])
            return Done(line["counts"], self._bytes(line["length"]))
        except (OSError, EOFError, ValueError, KeyError) as error:  # no answer, or half of one
            reason = self._reason()
            self.close()
            raise Ended(reason, done, of) from error
        finally:
            clock.cancel()

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.said):
            if pipe:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue

    def _require_accepted(self, line: dict[str, Any]) -> None:
        if line["kind"] == "refused":
            self.close()
            raise (UsageError if line["code"] == UsageError.exit_code else ClearsightError)(line["error"])

    def _end_late(self) -> None:
        self.late = True
        self.process.kill()

    def _write(self, *lines: str) -> None:
        assert self.process.stdin
        self.process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        self.process.stdin.flush()

    def _line(self) -> dict[str, Any]:
        assert self.process.stdout
        line: dict[str, Any] = json.loads(self.process.stdout.readline())
        return line

    def _bytes(self, length: int) -> bytes:
        assert self.process.stdout
        data = self.process.stdout.read(length)
        if len(data) != length:
            raise EOFError
        return data

    def _reason(self) -> str:
        """Why the process ended, in words."""
        try:
            code = self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "it wrote no answer"
        if self.late:
            return f"no answer for {self.seconds:g} s"
        if code < 0:
            name = signal.Signals(-code).name
            return f"{name}, as when memory runs out" if name == "SIGKILL" else name
        self.said.seek(max(0, self.said.seek(0, os.SEEK_END) - 4096))
        last = self.said.read().decode("utf-8", "replace").strip().splitlines()[-1:]
        return f"exit code {code}{': ' + last[0][:LAST_LINE] if last else ''}"


def starter(job: Job, out: str, *, workers: int, seconds: float) -> Callable[[int], Process]:
    """The function that starts worker `i` of `workers`, which share the cores, and the GPUs if there are several."""
    from ..base.compute.device import pick_device

    threads = max(1, (os.cpu_count() or 1) // workers)
    gpus = gpus_of(job.device)

    def start(i: int) -> Process:
        mine = replace(job, device=f"cuda:{i % gpus}") if gpus > 1 else job
        return Process(mine, out, seconds=seconds, threads=threads)

    pick_device(job.device)  # refused before anything is started
    return start


def gpus_of(device: str) -> int:
    """The number of GPUs that workers are spread over: all for `auto` and `cuda`, 0 without one or where one is named."""
    import torch

    return torch.cuda.device_count() if device in ("auto", "cuda") and torch.cuda.is_available() else 0
