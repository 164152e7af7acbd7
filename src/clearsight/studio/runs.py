"""The run folders below ./runs: looked for at every question, and read again only where something in them has changed."""

import contextlib
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.errors import ClearsightError, plain
from ..runs.state import BEGUN, FINISHED, ROWS, rows_of, state_of

RUN, JUDGED = "run.json", "evaluation.json"
READ = (RUN, ROWS, JUDGED, FINISHED, BEGUN)  # what a row of the list is made of


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
    modified: float = 0.0  # seconds since 1970, of the newest of its files


@dataclass
class Runs:
    """The run folders of `folder`; ids are of names, so that they hold after the studio has been started again."""

    folder: Path
    _known: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = field(default_factory=dict, repr=False)

    def path(self, id: str) -> Path:
        """The folder of an id; raises Unknown."""
        for one in self._folders():
            if _id(one.name) == id:
                return one
        raise Unknown("this run is no longer below ./runs.")

    def listed(self) -> list[RunRow]:
        """Every run, the newest first; a folder that is no run is left out."""
        rows = [row for one in self._folders() if (row := self.row(one))]
        self._known = {name: told for name, told in self._known.items() if (self.folder / name).is_dir()}
        return sorted(rows, key=lambda row: (-row.modified, row.name))

    def row(self, folder: Path) -> RunRow | None:
        """The row of one folder, None where there is nothing of a run in it."""
        stamps = tuple(map(_stamp, (folder / name for name in READ)))
        if not any(stamps):
            return None
        if self._known.get(folder.name, ((), {}))[0] != stamps:
            self._known[folder.name] = (stamps, _told(folder))
        told = self._known[folder.name][1]
        return RunRow(_id(folder.name), plain(folder.name), state_of(folder), **told, modified=max(stamps) / 1e9)

    def _folders(self) -> list[Path]:
        with contextlib.suppress(OSError):
            return [one for one in self.folder.iterdir() if one.is_dir() and not one.is_symlink()]
        return []


def _id(name: str) -> str:
    return f"r_{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def _stamp(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def _told(folder: Path) -> dict[str, Any]:
    facts, judged = (described(folder / name) for name in (RUN, JUDGED))
    recipe, top1 = facts.get("recipe"), judged.get("top1")
    with contextlib.suppress(ClearsightError):
        rows = rows_of(folder)
        return {
            "data": plain(str(facts.get("data", ""))), "model": plain(str(recipe.get("model", ""))) if isinstance(recipe, dict) else "",
            "epochs": len(rows), "top1": top1 if isinstance(top1, dict) else None, "part": plain(str(judged.get("part", ""))),
            "n": judged["n"] if isinstance(judged.get("n"), int) else 0,
        }  # fmt: skip
    return {}


def described(config: Path) -> dict[str, Any]:
    """The table in a JSON file; empty where there is none."""
    try:
        found = json.loads(config.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
