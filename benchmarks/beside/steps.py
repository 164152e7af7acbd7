"""Steps of a person, counted, and the seconds until the answer is seen."""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LIMIT = 900.0  # seconds that a program has until it prints its address


@dataclass(frozen=True)
class Done:
    """A task that came to an end: the steps by kind, the seconds from the first to the answer, and what was seen there."""

    steps: list[str]
    seconds: float
    sees: str

    def to_json(self) -> dict[str, Any]:
        return {"steps": self.steps, "seconds": round(self.seconds, 1), "sees": self.sees}


@dataclass
class Steps:
    """Does what a person does in a page, and counts it; the clock begins with the first step."""

    page: Any
    done: list[str] = field(default_factory=list)
    start: float = 0.0

    def did(self, kind: str, what: str) -> None:
        """One step of a kind."""
        self.start = self.start or time.perf_counter()
        self.done.append(f"{kind}: {what}")

    def wrote(self, file: Path) -> None:
        """Each line of a script that has to be written, without its comments."""
        text = re.sub(r'^""".*?"""\n', "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        for line in text.splitlines():
            if line.strip() and not line.startswith("#"):
                self.did("line", line.strip())

    def click(self, place: Any, what: str) -> None:
        self.did("click", what)
        place.click()

    def key(self, name: str) -> None:
        self.did("key", name)
        self.page.keyboard.press(name)

    def drop(self, selector: str, file: Path) -> None:
        """A file is dropped; it goes through the field for files that belongs to the place."""
        self.did("drop", file.name)
        self.page.set_input_files(selector, file)

    @contextmanager
    def command(self, words: Sequence[str], folder: Path, shown: str, address: str = r"http://\S+") -> Iterator[str]:
        """A typed command that runs until the task ends: the address that it prints."""
        self.did("command", shown)
        with serving(words, folder, address) as found:
            yield found

    def once(self, words: Sequence[str], folder: Path, shown: str, env: Mapping[str, str] | None = None) -> None:
        """A typed command that ends by itself."""
        self.did("command", shown)
        subprocess.run([*words], cwd=folder, check=True, env={**os.environ, **(env or {})}, stdout=subprocess.DEVNULL)

    def seen(self, what: str) -> Done:
        """The answer is there."""
        return Done(self.done, time.perf_counter() - self.start, what)


@contextmanager
def serving(words: Sequence[str], folder: Path, address: str) -> Iterator[str]:
    """A program that listens: the address in what it prints; its own process group is ended afterwards."""
    env = {**os.environ, "PYTHONUNBUFFERED": "1", "GRADIO_ANALYTICS_ENABLED": "False"}
    kept = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "process_group": 0}
    process = subprocess.Popen([*words], cwd=folder, env=env, **kept)
    alarm = threading.Timer(LIMIT, process.kill)
    alarm.start()
    assert process.stdout
    try:
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if found := re.search(address, line):
                break
        else:
            raise RuntimeError(f"{words[0]} printed no address: {''.join(lines[-3:])}")
        alarm.cancel()
        threading.Thread(target=process.stdout.read, daemon=True).start()  # a full pipe would stop it
        yield found.group().rstrip(".,)")
    finally:
        alarm.cancel()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
