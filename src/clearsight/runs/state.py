"""What a run folder says of itself, read without torch: its state and its rows, for lists of many runs."""

import csv
from pathlib import Path
from typing import Literal

from ..base.errors import InUse
from ..base.lock import require_unlocked
from ..base.stored import taken_from

State = Literal["running", "finished", "interrupted", "empty"]
BEGUN, FINISHED, ROWS = "recipe.toml", "config.json", "results.csv"  # something to resume; the classifier; a row an epoch


def state_of(folder: Path) -> State:
    """What the folder says now: a process has it locked, its classifier is there, a resume can continue it, or none of these."""
    try:
        require_unlocked(folder)
    except InUse:
        return "running"
    if (folder / FINISHED).is_file():
        return "finished"
    return "interrupted" if (folder / BEGUN).is_file() else "empty"


def rows_of(folder: Path) -> list[dict[str, float]]:
    """The rows of `results.csv` as numbers; none when there is no such file."""
    path = folder / ROWS
    if not path.is_file():
        return []
    with taken_from(path, "the rows of a run"), path.open(encoding="utf-8", newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
