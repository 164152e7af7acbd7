"""Decoding in child processes, with limits of memory and time: a decoder that crashes, hangs or is taken over is not this process.

A child reads requests on its standard input: a line of JSON, then the bytes of a picture. It answers in the same way, with pixels or an
error.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from dataclasses import asdict
from typing import IO, Any

import numpy as np

from ..base.errors import UnreadableImage
from .decode import decode, source_name
from .deep import PLAIN, Reading

MEMORY = 3 * 2**30  # bytes of address space of a child: a progressive JPEG of the largest size takes 1.5 GB
SECONDS = 10.0  # for one picture
FILES = 64  # that a child may open
ENDING = 1.0  # seconds
TRIES = 5  # children for one picture, where others end them
BY_OTHERS = (-signal.SIGTERM, -getattr(signal, "SIGKILL", 9))  # exit codes that say nothing about a picture: decoders crash otherwise
LINE = 2**16  # bytes of a child's line at most
PIXEL_BYTES = 2**30  # of a child's picture at most
PASSED_ON = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")  # no secrets


class Ended(Exception):
    """The child ended while it decoded; `late` if it was ended for taking too long. `code` is None where it gave no answer and went on."""

    def __init__(self, late: bool, code: int | None) -> None:
        self.late, self.code = late, code


class Child:
    """One process that decodes one picture at a time."""

    def __init__(self, memory: int, seconds: float) -> None:
        self.seconds = seconds
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | {"OPENBLAS_NUM_THREADS": "1"}
        words = [sys.executable, "-m", "clearsight.images.apart", str(memory)]
        self.process = subprocess.Popen(  # of a session of its own: Ctrl-C is the parent's
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, start_new_session=True
        )

    def ask(self, data: bytes, **how: Any) -> np.ndarray:
        """The picture uint8 `(H, W, C)`; raises UnreadableImage, and Ended if the process does."""
        late = threading.Event()

        def end() -> None:
            late.set()
            self.process.kill()

        clock = threading.Timer(self.seconds, end)
        clock.start()
        try:
            assert self.process.stdin and self.process.stdout
            self.process.stdin.write(json.dumps({"length": len(data), **how}).encode() + b"\n" + data)
            self.process.stdin.flush()
            answer = json.loads(self.process.stdout.readline(LINE))
            if "error" in answer:
                raise UnreadableImage(source_name(data), str(answer["error"]))
            shape = tuple(map(int, answer["shape"]))
            size = int(np.prod(shape))
            if len(shape) != 3 or min(shape) < 1 or size > PIXEL_BYTES:
                raise ValueError("a child answers with a picture")
            pixels = self.process.stdout.read(size)
            return np.frombuffer(pixels, np.uint8).reshape(shape)
        except (OSError, ValueError, KeyError, TypeError) as error:  # no answer, or one that is not the protocol's
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(ENDING)  # its pipes are closed before its exit code is there
            code = self.process.poll()
            self.close()
            raise Ended(late.is_set(), code) from error
        finally:
            clock.cancel()

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue


class Children:
    """`n` child processes that decode for as many threads; one that ends is replaced."""

    def __init__(self, n: int, *, memory: int = MEMORY, seconds: float = SECONDS) -> None:
        self.memory, self.seconds = memory, seconds
        self.idle: queue.SimpleQueue[Child] = queue.SimpleQueue()
        self.closed = False
        for _ in range(n):
            self.idle.put(Child(memory, seconds))

    def __call__(self, data: bytes, *, channels: int, min_side: int | None = None, reading: Reading = PLAIN) -> np.ndarray:
        """The picture in `data` as `decode` returns it; raises UnreadableImage, also where the decoder ends twice or takes too long.

        An end by another's signal is not counted, up to five of them.
        """
        how = {"channels": channels, "min_side": min_side, "reading": asdict(reading)}
        child = self.idle.get()
        codes: list[int | None] = []
        try:
            while len(codes) < TRIES and sum(code not in BY_OTHERS for code in codes) < 2:  # the first time it may have ended before
                try:
                    return child.ask(data, **how)
                except Ended as ended:
                    child = Child(self.memory, self.seconds)
                    codes.append(ended.code)
                    if ended.late:
                        raise UnreadableImage(source_name(data), f"its decoding takes more than {self.seconds:g} s") from None
            raise UnreadableImage(source_name(data), f"its decoder ended {len(codes)} times (codes {', '.join(map(str, codes))})")
        finally:
            self.idle.put(child)
            if self.closed:
                self.close()

    def close(self) -> None:
        """End the processes that are idle; the others when they are."""
        self.closed = True
        while not self.idle.empty():
            self.idle.get().close()


def limit(memory: int) -> None:
    """Limit this process: its memory, no files written, no core dumps; on Windows nothing is limited."""
    if os.name != "posix":
        return
    import resource

    for what, most in (("RLIMIT_AS", memory), ("RLIMIT_FSIZE", 0), ("RLIMIT_CORE", 0), ("RLIMIT_NOFILE", FILES)):
        resource.setrlimit(getattr(resource, what), (most, most))


def answer(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Decode until there are no more requests."""
    while line := requests.readline(LINE):
        asked = json.loads(line)
        data = requests.read(asked.pop("length"))
        told = asked.pop("reading")
        reading = Reading(tuple(told["levels"]), tuple(told["bands"]), told["version"])
        try:
            picture = np.ascontiguousarray(decode(data, reading=reading, **asked))
        except (UnreadableImage, MemoryError) as error:
            reason = error.reason if isinstance(error, UnreadableImage) else "it needs more memory than a decoder may have"
            answers.write(json.dumps({"error": reason[:1000]}).encode() + b"\n")
        else:
            answers.write(json.dumps({"shape": picture.shape}).encode() + b"\n")
            answers.write(picture.data)
        answers.flush()


if __name__ == "__main__":
    own = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints does not write into an answer
    limit(int(sys.argv[1]))
    answer(sys.stdin.buffer, own)
