"""The tests' side: asks for runs, breaks them, resumes them, and says what is not as it was promised."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clearsight.base.errors import ClearsightError
from clearsight.training.storage import checkpoint
from tests.faults.disk import Tree, read_tree, write_tree

ROOT = Path(__file__).parents[2]
TIMED = (".json", "answers.safetensors")  # files that say when they were made
WHEN = re.compile(rb'"when": "[^"]*"')
RESUMED = re.compile(r"resumed \S+ at (?:epoch (\d+), step (\d+)|its end)")


class Zygote:
    """The process that forks runs."""

    def __init__(self, cache: Path) -> None:
        command = [sys.executable, "-m", "tests.faults.child"]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "CLEARSIGHT_CACHE": str(cache), "NO_COLOR": "1"}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._answer()

    def ask(self, request: dict[str, Any]) -> list[int]:
        """The exit codes of a run's ranks."""
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self._answer()["codes"]

    def _answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline()
        assert line, "the process that forks has ended"
        return json.loads(line)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@dataclass
class Outcome:
    """What the processes of a run (`codes`, by rank) ended with, and what the first of them said."""

    codes: list[int]
    said: str

    @property
    def code(self) -> int:
        return self.codes[0]


@dataclass
class Bench:
    """A kind of run, in a folder of its own, that can be made again and again."""

    zygote: Zygote
    folder: Path
    data: str
    settings: tuple[str, ...]
    ranks: int = 1
    steps: bool = False  # steps are points as well
    newest_only: bool = False  # the other kept checkpoint is where the run was stopped
    mutation: list[tuple[str, str, str]] = field(default_factory=list)
    whole: Tree = field(init=False)
    log: list[dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.scope, self.run = self.folder / "disk", self.folder / "disk" / "run"
        self.clean()
        log = self.folder / "log"
        outcome = self.begin(log=str(log))
        assert outcome.codes == [0] * self.ranks, outcome.said
        self.whole = self.tree()
        self.log = [json.loads(line) for line in log.read_text().splitlines()]
        log.unlink()

    @property
    def points(self) -> int:
        """The number of operations of a run that nothing disturbs."""
        return self.log[-1]["at"]

    def clean(self) -> None:
        shutil.rmtree(self.scope, ignore_errors=True)
        self.scope.mkdir(parents=True)

    def begin(self, **more: Any) -> Outcome:
        """Start the run: quiet, so that only errors speak."""
        return self._ask(["train", self.data, "--out", str(self.run), "-q", *self.settings], more)

    def recover(self, **more: Any) -> Outcome:
        """Do what a user does: resume, or start again what had not begun."""
        if (self.run / "recipe.toml").is_file():
            return self._ask(["train", "--resume", str(self.run)], more)
        return self.begin(**more)

    def _ask(self, words: list[str], more: dict[str, Any]) -> Outcome:
        out = self.folder / "said"
        request = {"words": words, "scope": str(self.scope), "out": str(out), "ranks": self.ranks, "steps": self.steps}
        codes = self.zygote.ask({**request, "mutation": self.mutation, **more})
        return Outcome(codes, out.read_text())

    def tree(self) -> Tree:
        """All that is there; the entries of a checkpoint's header have no order, and when it was judged is left out."""
        tree = {name: content for name, content in read_tree(self.scope).items() if not name.endswith("live.jsonl")}  # lines by the clock
        tree = {
            name: WHEN.sub(b"", content) if name.endswith((".json", "answers.safetensors")) else content for name, content in tree.items()
        }
        saved = sorted(name for name in tree if name.endswith(".checkpoint"))
        for name in saved[:-1] if self.newest_only else []:
            del tree[name]
        return {name: _ordered(content) if name in saved else content for name, content in tree.items()}

    def promised(self, point: int) -> list[str]:
        """The checkpoints, newest first, that the run counted on before operation `point`; none before it had begun."""
        begun = next((entry["at"] for entry in self.log if entry.get("to", "").endswith("recipe.toml")), 0)
        saved = [entry["path"] for entry in self.log if entry["op"] == "saved" and entry["at"] < point]
        return saved[::-1] if point > begun else []

    def kept_promises(self, promised: list[str]) -> Iterator[str]:
        """A line when the two newest whole checkpoints are older than the two last promised."""
        found = [path for path in checkpoint.checkpoints(self.run / "checkpoints") if _is_whole(path)]
        newest = [path.name for path in found][: checkpoint.KEEP]
        wanted = promised[: checkpoint.KEEP]
        if len(newest) < len(wanted) or any(ours < theirs for ours, theirs in zip(newest, wanted, strict=False)):
            yield f"promised {wanted}, whole are {newest}"

    def recovered(self, promised: list[str]) -> Iterator[str]:
        """Recover what is there; a line for each thing that is then not as if nothing had happened."""
        outcome = self.recover()
        if outcome.codes != [0] * self.ranks:
            yield f"recovery ended with {outcome.codes}: {outcome.said}"
            return
        if promised and _place(outcome.said) < promised[0].removesuffix(".checkpoint"):
            yield f"promised {promised[0]}, but: {outcome.said}"
        yield from self.differences()

    def differences(self) -> Iterator[str]:
        """A line for each file that differs from the uninterrupted run's."""
        now = self.tree()
        for name in sorted(now.keys() | self.whole.keys()):
            if name not in now or name not in self.whole or now[name] != self.whole[name]:
                state = "is missing" if name not in now else "is left over" if name not in self.whole else "differs"
                yield f"{name} {state}"

    def broken(self, kind: str, point: int) -> list[str]:
        """Break a new run by `kind` at operation `point`; what is not as it was promised, there and after its recovery."""
        self.clean()
        outcome = self.begin(fault={"kind": kind, "at": point})
        problems = [*EXPECTED[kind](outcome), *self.kept_promises(self.promised(point)), *self.recovered(self.promised(point))]
        return [f"{kind} at {point}: {problem}" for problem in problems]

    def broken_often(self, kills: int, draw: random.Random, longest: float) -> list[str]:
        """Kill a new run and each of its resumes after a random time, until `kills` have died; then let it end."""
        self.clean()
        died, problems = 0, []
        while died < kills:
            if -9 in self.recover(seconds=draw.uniform(0, longest)).codes:
                died += 1
            else:  # too late for this run: how long one takes depends on what else the machine does
                problems += self.recovered([])
                self.clean()
                longest *= 0.9
        return [*problems, *self.recovered([])]

    def cut(self, tree: Tree, promised: list[str]) -> list[str]:
        """Go on from what a power cut left."""
        self.clean()
        write_tree(tree, self.scope)
        return [*self.kept_promises(promised), *self.recovered(promised)]


def _killed(outcome: Outcome) -> Iterator[str]:
    if outcome.code != -9 or outcome.said:
        yield f"ended with {outcome.code}: {outcome.said}"


def _one_line(outcome: Outcome) -> Iterator[str]:
    lines = outcome.said.splitlines()
    if outcome.code != 1 or len(lines) != 1 or not lines[0].startswith("clearsight: ") or "unexpected" in lines[0]:
        yield f"ended with {outcome.code}: {outcome.said}"


def _went_on(outcome: Outcome) -> Iterator[str]:
    if outcome.code != 0:
        yield f"ended with {outcome.code}: {outcome.said}"


def _stopped(outcome: Outcome) -> Iterator[str]:
    """By SIGTERM: in the training it saves and says so; before and after there is nothing to save."""
    if (outcome.code, "stopped by SIGTERM; everything up to this step is saved" in outcome.said) not in ((143, True), (-15, False)):
        yield f"ended with {outcome.code}: {outcome.said}"


EXPECTED = {"kill": _killed, "torn": _killed, "enospc": _one_line, "eio": _one_line, "short": _went_on, "term": _stopped}


def _place(said: str) -> str:
    """Where a resume began, as checkpoints are named."""
    found = RESUMED.search(said)
    if not found:
        return ""
    return f"{int(found[1]) - 1:05d}-{int(found[2]) - 1:07d}" if found[1] else "99999"


def _is_whole(path: Path) -> bool:
    try:
        checkpoint.read(path)
    except ClearsightError:
        return False
    return True


def _ordered(content: bytes) -> bytes:
    length = int.from_bytes(content[:8], "little")
    return json.dumps(json.loads(content[8 : 8 + length]), sort_keys=True).encode() + content[8 + length : -32]
