"""The run folders below ./runs: looked for at every question, and read again only where something in them has changed."""

import contextlib
import hashlib
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.errors import ClearsightError, plain
from ..runs.state import BEGUN, FAILED, FINISHED, ROWS, is_running, reason_of, resting

RUN, JUDGED = "run.json", "evaluation.json"
DECODER, MEMBER = json.JSONDecoder(), re.compile(r'\s*[{,]\s*"([^"\\]*)"\s*:\s*')
READ = (RUN, ROWS, JUDGED, FINISHED, BEGUN, FAILED)  # what a row of the list is made of


class Unknown(ClearsightError):
    """An id that means nothing here (any more)."""


@dataclass(frozen=True)
class RunRow:
    """A run as it is listed: its state, and what its files say of it; what they do not say is empty or None."""

    id: str
    name: str
    state: str
    data: str = ""
    model: str = ""
    epochs: int = 0
    top1: dict[str, Any] | None = None  # value, low, high, reason
    part: str = ""
    n: int = 0
    validation: dict[str, Any] | None = None  # of a finished run: top1, n
    reason: str = ""  # why it failed
    modified: float = 0.0  # seconds since 1970, of the newest of its files


@dataclass
class Runs:
    """The run folders of `folder`; ids are of names, so that they hold after the studio has been started again."""

    folder: Path
    _known: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = field(default_factory=dict, repr=False)

    def path(self, id: str) -> Path:
        """The folder of an id; raises Unknown."""
        for one in self._folders():
            if id_of(one.name) == id:
                return one
        raise Unknown("this run is no longer below ./runs.")

    def listed(self) -> list[RunRow]:
        """Every run, the newest first; a folder that is no run is left out."""
        rows = [row for one in self._folders() if (row := self.row(one))]
        self._known = {name: told for name, told in self._known.items() if (self.folder / name).is_dir()}
        return sorted(rows, key=lambda row: (-row.modified, row.name))

    def row(self, folder: Path) -> RunRow | None:
        """The row of one folder, None where there is nothing of a run in it."""
        stamps = tuple([_stamp(f"{folder}/{name}") for name in READ])
        if not any(stamps):
            return None
        if self._known.get(folder.name, ((), {}))[0] != stamps:
            self._known[folder.name] = (stamps, _told(folder))
        told = self._known[folder.name][1]
        there = dict(zip(READ, map(bool, stamps), strict=True))
        state = "running" if is_running(folder) else resting(there[FINISHED], there[BEGUN], there[FAILED])
        return RunRow(id_of(folder.name), plain(folder.name), state, **told, modified=max(stamps) / 1e9)

    def _folders(self) -> list[Path]:
        with contextlib.suppress(OSError), os.scandir(self.folder) as found:  # a thousand of them, in milliseconds
            return [self.folder / one.name for one in found if one.is_dir(follow_symlinks=False)]
        return []


def id_of(name: str) -> str:
    """The id of the run in the folder of a name."""
    return f"r_{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def _stamp(file: str) -> int:
    try:
        return os.stat(file).st_mtime_ns
    except OSError:
        return 0


def _told(folder: Path) -> dict[str, Any]:
    facts, judged = begin_of(f"{folder}/{RUN}", {"data", "recipe"}), begin_of(f"{folder}/{JUDGED}", {"part", "n", "top1"})
    recipe, top1 = facts.get("recipe"), judged.get("top1")
    known = begin_of(f"{folder}/{FINISHED}", {"facts"}).get("facts")
    validation = known.get("validation") if isinstance(known, dict) else None
    return {
        "data": plain(str(facts.get("data", ""))), "model": plain(str(recipe.get("model", ""))) if isinstance(recipe, dict) else "",
        "epochs": _lines(folder / ROWS), "top1": top1 if isinstance(top1, dict) else None, "part": plain(str(judged.get("part", ""))),
        "n": judged["n"] if isinstance(judged.get("n"), int) else 0, "reason": reason_of(folder),
        "validation": validation if isinstance(validation, dict) else None,
    }  # fmt: skip


def _lines(table: Path) -> int:
    """How many rows a table has below its header."""
    try:
        return max(0, table.read_bytes().count(b"\n") - 1)
    except OSError:
        return 0


def begin_of(file: str, wanted: set[str]) -> dict[str, Any]:
    """The members of the table in a JSON file up to the last of `wanted`, so that long lists after them need not be parsed.

    Empty for a file that is missing or something else.
    """
    found: dict[str, Any] = {}
    at = 0
    try:
        with open(file, encoding="utf-8") as opened:
            text = opened.read()
        while not wanted <= found.keys() and (member := MEMBER.match(text, at)):
            found[member[1]], at = DECODER.raw_decode(text, member.end())
    except (OSError, ValueError, RecursionError):
        return {}
    return found


def described(config: Path) -> dict[str, Any]:
    """The table in a JSON file; empty for a file that is missing or something else."""
    try:
        found = json.loads(config.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
