"""What a run folder says of itself, read without torch: its state and its rows, for lists of many runs."""

import csv
import json
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Literal

from ..base.errors import InUse, plain
from ..base.lock import elsewhere, require_unlocked
from ..base.stored import taken_from

State = Literal["running", "finished", "failed", "interrupted", "empty"]
# something to resume; the classifier; a row an epoch; why the last try ended
BEGUN, FINISHED, ROWS, FAILED = "recipe.toml", "config.json", "results.csv", "error.json"
QUIET = 600.0  # seconds without a write, after which a training on another machine has ended


def state_of(folder: Path) -> State:
    """What the folder says now.

    A process has it locked; its classifier is there; it has begun and ended with an error; a resume can continue it; or none of these.
    """
    if is_running(folder):
        return "running"
    return resting(*((folder / name).is_file() for name in (FINISHED, BEGUN, FAILED)))


def is_running(folder: Path) -> bool:
    """Whether a process has the folder locked.

    A lock of another machine cannot be tried, as in a synchronised folder: it runs there while rows come.
    """
    try:
        require_unlocked(folder)
    except InUse:
        return True
    return elsewhere(folder) and _stamp(folder) > time.time() - QUIET


def resting(finished: bool, begun: bool, failed: bool) -> State:
    """The state of a folder that no process has locked, by which of the three files are there."""
    if finished:
        return "finished"
    if not begun:
        return "empty"
    return "failed" if failed else "interrupted"


def reason_of(folder: Path) -> str:
    """Why the training in the folder failed, in one line; '' where it did not, or does not say."""
    try:
        found = json.loads((folder / FAILED).read_bytes())
    except (OSError, ValueError):
        return ""
    return plain(found.get("error", "")) if isinstance(found, dict) else ""


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


def run_name(data: str, model: str) -> str:
    """The default name of a folder for `data` and `model`."""
    network = re.sub(r"@[\w.]+:", "", model)  # of @package.module:Net only Net
    return re.sub(r"[^\w.-]+", "-", f"{Path(data).stem or data}-{network}")[:100].strip("-.") or "run"
