"""What a run folder says of itself, read without torch: its state and its rows, for lists of many runs."""

import csv
import time
from contextlib import suppress
from pathlib import Path
from typing import Literal

from ..base.errors import InUse
from ..base.lock import elsewhere, require_unlocked
from ..base.stored import taken_from

State = Literal["running", "finished", "interrupted", "empty"]
BEGUN, FINISHED, ROWS = "recipe.toml", "config.json", "results.csv"  # something to resume; the classifier; a row an epoch
QUIET = 600.0  # seconds without a write, after which a training on another machine has ended


def state_of(folder: Path) -> State:
    """What the folder says now: a process has it locked, its classifier is there, a resume can continue it, or none of these.

    A lock of another machine cannot be tried, as in a synchronised folder: it runs there while rows come.
    """
    try:
        require_unlocked(folder)
    except InUse:
        return "running"
    if elsewhere(folder) and _stamp(folder) > time.time() - QUIET:
        return "running"
    if (folder / FINISHED).is_file():
        return "finished"
    return "interrupted" if (folder / BEGUN).is_file() else "empty"


def _stamp(folder: Path) -> float:
    """When the newest file of the folder was written, in seconds since 1970."""
    with suppress(OSError):
        return max((one.stat().st_mtime for one in folder.iterdir()), default=0.0)
    return 0.0


def rows_of(folder: Path) -> list[dict[str, float]]:
    """The rows of `results.csv` as numbers; none when there is no such file."""
    path = folder / ROWS
    if not path.is_file():
        return []
    with taken_from(path, "the rows of a run"), path.open(encoding="utf-8", newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
