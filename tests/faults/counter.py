"""In a run's process: every operation that changes the disk below a folder is counted, written down, and may fail."""

import errno
import json
import os
import signal
import sys
import threading
from base64 import b64encode
from collections.abc import Callable
from typing import Any

BYPASSED = 97  # exit code of a run that changed the disk past the counter
GROWING = ("open", "write", "fsync", "mkdir", "replace")  # what a full disk refuses, now and later
CHANGING = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown", "os.utime"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Counter:
    """Stands in for the functions of `os` below `scope`; `fault` is `{"kind": …, "at": k}`, operation 1 being the first."""

    def __init__(self, scope: str, log: str, fault: dict[str, Any] | None) -> None:
        self.scope = os.path.abspath(scope)
        self.kind, self.at = (fault["kind"], fault["at"]) if fault else ("", 0)
        self.count = 0
        self.inside = threading.local()
        self.paths: dict[int, str] = {}
        self.real = {name: getattr(os, name) for name in ("open", "write", "fsync", "close", "replace", "unlink", "mkdir", "rmdir")}
        self.log = self.real["open"](log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666) if log else -1

    def install(self) -> None:
        """From now on, for as long as this process lives."""
        os.open, os.close, os.write, os.fsync = self.open, self.close, self.write, self.fsync
        for name in ("unlink", "mkdir", "rmdir"):
            setattr(os, name, self.by_path(name))
        os.remove, os.replace, os.rename = os.unlink, self.replace, self.replace
        sys.addaudithook(self.audit)

    def note(self, kind: str, **facts: Any) -> None:
        """Write a line to the log; `data` are bytes."""
        if self.log >= 0:
            if "data" in facts:
                facts["data"] = b64encode(facts["data"]).decode()
            self.real["write"](self.log, (json.dumps({"op": kind, "at": self.count, **facts}) + "\n").encode())

    def below(self, path: Any) -> str:
        """The absolute path, if it is below the scope, else ''."""
        if isinstance(path, int):
            return ""
        full = os.path.abspath(os.fsdecode(path))
        return full if full.startswith(self.scope + os.sep) or full == self.scope else ""

    def operate(self, kind: str, do: Callable[[], Any], torn: Callable[[], Any] | None = None) -> Any:
        """Count one operation; at the chosen one, the fault. `torn` does half of it."""
        self.count += 1
        if self.count == self.at and self.kind in ("kill", "torn", "term", "short"):
            if self.kind == "short" and torn:
                return self.do(torn)
            if self.kind == "torn":
                self.do(torn or do)
            if self.kind != "short":
                os.kill(os.getpid(), signal.SIGTERM if self.kind == "term" else signal.SIGKILL)
        if self.count >= self.at and self.kind == "eio":
            raise OSError(errno.EIO, "Input/output error")
        if self.kind == "enospc" and (self.count == self.at or (self.count > self.at and kind in GROWING)):
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.do(do)

    def do(self, what: Callable[[], Any]) -> Any:
        """The real call, known to the audit hook as ours."""
        self.inside.now = True
        try:
            return what()
        finally:
            self.inside.now = False

    def open(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        full = self.below(path)
        if not full:
            return self.real["open"](path, flags, mode, dir_fd=dir_fd)
        writes = flags & WRITING
        handle = self.operate("open" if writes else "look", lambda: self.real["open"](path, flags, mode, dir_fd=dir_fd))
        self.paths[handle] = full
        if writes:
            self.note("open", path=full, fresh=bool(flags & (os.O_EXCL | os.O_TRUNC)))
        return handle

    def close(self, handle: int) -> None:
        self.paths.pop(handle, None)
        self.real["close"](handle)

    def write(self, handle: int, data: Any) -> int:
        if handle not in self.paths:
            return self.real["write"](handle, data)
        half = data[: max(1, len(data) // 2)]
        done = self.operate("write", lambda: self.real["write"](handle, data), lambda: self.real["write"](handle, half))
        self.note("write", path=self.paths[handle], data=bytes(data[:done]))
        return done

    def fsync(self, handle: int) -> None:
        if handle not in self.paths:
            return self.real["fsync"](handle)
        self.operate("fsync", lambda: None)  # a kill takes nothing from the system's memory; power cuts are modelled
        self.note("fsync", path=self.paths[handle])

    def replace(self, source: Any, target: Any, **words: Any) -> None:
        if not self.below(target) and not self.below(source):
            return self.real["replace"](source, target, **words)
        self.operate("replace", lambda: self.real["replace"](source, target, **words))
        self.note("replace", path=self.below(source), to=self.below(target))

    def by_path(self, name: str) -> Callable[..., None]:
        def call(path: Any, *words: Any, **named: Any) -> None:
            if not self.below(path):
                return self.real[name](path, *words, **named)
            try:
                self.operate(name, lambda: self.real[name](path, *words, **named))
            except FileNotFoundError:
                self.count -= 1  # an unlink of nothing changes nothing
                raise
            self.note(name, path=self.below(path))

        return call

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """The second witness: end the process when something changes the disk past the counter."""
        if event == "open":
            path, _, flags = arguments
            changed = [path] if flags & WRITING else []
        else:
            changed = [word for word in arguments if isinstance(word, (str, bytes, os.PathLike))] if event in CHANGING else []
        if any(self.below(path) for path in changed if path is not None) and not getattr(self.inside, "now", False):
            self.real["write"](2, f"bypassed the counter: {event} {changed}\n".encode())
            os._exit(BYPASSED)
