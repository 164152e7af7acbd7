"""What a page follows of a run: what it is, its rows and lines since the last question, and an epoch's answers and filters."""

import base64
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..base.errors import ClearsightError, plain
from ..base.settings import read_toml
from ..runs.state import BEGUN, rows_of, state_of
from ..runs.watched import FOLDER, PICTURES, SHEET, epochs_of, lines_of, watched_in
from .library import network
from .runs import Unknown, described
from .trainings import STARTING, Trainings, resuming

NOTHING = (0, 0)  # size and time of a file that is not there
Rows = list[dict[str, float | None]]


def about(trainings: Trainings, id: str) -> dict[str, Any]:
    """A run: its name, settings and classes, the pictures that are watched, and the command that continues it."""
    runs = trainings.library.runs
    try:
        folder = runs.path(id)
    except Unknown:
        if id not in trainings.processes:
            raise
        return {"id": id, "name": "", "state": state(trainings, id), "said": trainings.said(id), "settings": {}, "classes": []}
    row, facts = runs.row(folder), described(folder / "run.json")
    told = asdict(row) if row else {"id": id, "name": plain(folder.name)}
    classes = facts.get("classes")
    now = state(trainings, id)
    found = {
        **told, "state": now, "said": trainings.said(id), "settings": settings_of(folder),
        "classes": [plain(one) for one in classes] if isinstance(classes, list) else [], "pictures": _pictures(folder),
        "network": network(str(folder)).id if now == "finished" else "", "command": "",
    }  # fmt: skip
    with suppress(ClearsightError):
        found["command"] = resuming(folder)
    return found


def state(trainings: Trainings, id: str) -> str:
    """The state of a run as its folder says; `starting` while a process that was started for it has not locked it."""
    try:
        found = str(state_of(trainings.library.runs.path(id)))
    except Unknown:
        found = "failed" if trainings.failed(id) else "empty"
    if found != "running" and trainings.alive(id):
        return STARTING
    return found


def since(trainings: Trainings, id: str, after: int, at: int) -> dict[str, Any]:
    """What has come since the row of epoch `after` and byte `at` of the lines: each once, with the state and the epochs to watch."""
    told = {"state": state(trainings, id), "said": trainings.said(id), "rows": [], "lines": [], "at": at, "epochs": [], "reason": ""}
    try:
        folder = trainings.library.runs.path(id)
    except Unknown:
        if id not in trainings.processes:
            raise
        return told
    with suppress(ClearsightError):  # half-written by another program: the next question
        told["rows"] = [one for one in rows(folder) if (one.get("epoch") or 0) > after]
    lines, told["at"] = lines_of(folder, at)
    row = trainings.library.runs.row(folder)
    return told | {"lines": lines, "epochs": epochs_of(folder), "reason": row.reason if row else ""}


def rows(folder: Path) -> Rows:
    """The rows of a run; infinite values and NaN are None, as JSON does not have them."""
    return [{name: value if math.isfinite(value) else None for name, value in row.items()} for row in rows_of(folder)]


def seen(trainings: Trainings, id: str, epoch: int) -> dict[str, Any]:
    """The answers and filters of an epoch; raises Unknown for an epoch without."""
    try:
        found = watched_in(trainings.library.runs.path(id), epoch)
    except (OSError, ClearsightError) as error:
        if isinstance(error, Unknown):
            raise
        raise Unknown(f"nothing is kept of epoch {epoch} of this run.") from error
    return {"probabilities": _bytes(found.probabilities), "filters": _bytes(found.filters), "shape": list(found.filters.shape)}


def settings_of(folder: Path) -> dict[str, Any]:
    """The settings of a run; empty where it has none that can be read."""
    with suppress(ClearsightError):
        return {name: plain(value) if isinstance(value, str) else value for name, value in read_toml(folder / BEGUN).items()}
    return {}


def differing(settings: Sequence[dict[str, Any]]) -> list[list[Any]]:
    """The settings that are not the same in all: the name, and the value in each; None where a run does not say."""
    names = dict.fromkeys(name for one in settings for name in one)
    values = {name: [one.get(name) for one in settings] for name in names}
    return [[name, *found] for name, found in values.items() if any(value != found[0] for value in found)]


def _pictures(folder: Path) -> dict[str, Any] | None:
    told = described(folder / FOLDER / PICTURES)
    try:
        sheet = (folder / FOLDER / SHEET).read_bytes()
        rows = [{"name": plain(one["name"]), "label": int(one["label"])} for one in told["pictures"]]
        return {"side": int(told["side"]), "rows": rows, "sheet": base64.b64encode(sheet).decode()}
    except (OSError, LookupError, TypeError, ValueError):
        return None


def _bytes(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array, np.float32).tobytes()).decode()
