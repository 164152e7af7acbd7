"""The compute process from outside: one question at a time, each with a limit of time; killed and started again where it must be."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import count
from typing import Any

from ...base.errors import ClearsightError
from .turns import Turns

SECONDS = 60.0  # for an answer, with the opening of a network
STARTING = 180.0  # for the libraries, on a starved machine
# what a page asks by itself once it has what a person waits for; anything else goes first
LATE = {"maps": 1, "way": 2, "scores": 2, "survival": 2, "mistakes": 3, "ahead": 1, "map": 1, "space": 1}
WORKER, READER = "clearsight.studio.compute.worker", "clearsight.studio.compute.reader"  # with torch; of data sets, without


class Superseded(ClearsightError):
    """A newer question of the same kind has taken this one's place."""


class Failed(ClearsightError):
    """The question has no answer: `status` as HTTP says it."""

    def __init__(self, error: str, status: int = 422) -> None:
        super().__init__(error)
        self.status = status


class Compute:
    """The process that has torch. `ask` may be called by several threads, and is answered one at a time."""

    def __init__(self, seconds: float = SECONDS, module: str = WORKER) -> None:
        self.seconds, self.module = seconds, module
        self.process: subprocess.Popen[bytes] | None = None
        self.ready = False
        self.starts = 0
        self.closed = False
        self.turns = Turns()
        self.tickets = count()
        self.newest: dict[str, int] = {}
        self.crowded: Callable[[], bool] = lambda: False  # whether a job needs the processors
        self.modest = False  # whether the process computes with one thread

    @property
    def state(self) -> str:
        """starting, ready, or ended."""
        if self.closed:
            return "ended"
        return "ready" if self.ready and self.process and self.process.poll() is None else "starting"

    def ask(self, what: str, *, kind: str = "", **arguments: Any) -> Any:
        """The answer of the worker's function `what`, the most urgent question first; of those of one `kind` only the newest is answered.

        Raises Superseded, and Failed with the worker's own words, or where it ended or took too long.
        """
        ticket = next(self.tickets)
        self.newest[kind] = ticket
        with self.turns.turn(LATE.get(what, 0)):
            if kind and self.newest[kind] != ticket:
                raise Superseded("a newer question has taken its place.")
            if self.closed:
                raise Failed("the studio is ending.", 503)
            self.start()
            self._share()
            found = self._exchange({"what": what, "arguments": arguments}, self.seconds)
        if "error" in found:
            raise Failed(str(found["error"]), int(found.get("status", 422)))
        return found["result"]

    def start(self) -> None:
        """Start the process unless it runs, and wait until it has its libraries; raises Failed."""
        if self.process is not None and self.process.poll() is None:
            return
        self.kill()  # what is left of one that ended
        self.starts += 1
        words = [sys.executable, "-m", self.module]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(  # of a session of its own: Ctrl-C is the parent's
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, start_new_session=True
        )
        self._exchange({"what": "warm", "arguments": {}}, STARTING)
        self.ready, self.modest = True, False

    def warm(self) -> None:
        """Start the process ahead of the first question."""
        with self.turns.turn():
            if not self.closed:
                self.start()

    def _share(self) -> None:
        """Leave the processors but one to a job while it runs, and take them back afterwards."""
        if (crowded := self.crowded()) != self.modest:
            self._exchange({"what": "threads", "arguments": {"one": crowded}}, self.seconds)
            self.modest = crowded

    def _exchange(self, question: dict[str, Any], seconds: float) -> dict[str, Any]:
        process, late = self.process, threading.Event()
        assert process and process.stdin and process.stdout

        def end() -> None:
            late.set()
            process.kill()

        clock = threading.Timer(seconds, end)
        clock.start()
        try:
            process.stdin.write(json.dumps(question).encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
            answer: dict[str, Any] = json.loads(line)
            return answer
        except (OSError, ValueError) as error:
            self.kill()
            reason = f"took more than {seconds:g} s" if late.is_set() else "ended"
            raise Failed(f"the computation {reason}; it is started again with the next question.", 503) from error
        finally:
            clock.cancel()

    def kill(self) -> None:
        """End the process at once; the next question starts another."""
        process, self.process, self.ready = self.process, None, False
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            try:
                if pipe:
                    pipe.close()
            except BrokenPipeError:
                continue

    def close(self) -> None:
        """End the process for good."""
        self.closed = True
        if self.process is not None:
            self.process.kill()  # the thread that waits for its answer gets an error, and ends its turn
        with self.turns.turn():
            self.kill()
