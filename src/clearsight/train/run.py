"""A run folder: what a training writes, where, and how it is found again."""

import csv
import io
import re
import shlex
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.errors import ClearsightError, UsageError
from ..base.files import is_temporary, make_folder, remove, sweep, write_atomic, write_json
from ..base.settings import to_toml
from ..base.stored import read_table
from ..classifier.learnt import ANCESTORS
from .recipe import Pretraining, Recipe, saved

# what every run.json says, and what it says of most runs
KNOWN = {"data": str}
OFTEN = {"name": str, "classes": list[str], "hardware": dict, "preprocessing": dict, "speed": str, "lineage": dict}


@dataclass(frozen=True)
class Run:
    """`recipe.toml`, `run.json`, `split.csv`, `ancestors.csv`, `results.csv`, `checkpoints/`, `events/`, and in the end the artefact."""

    folder: Path

    @property
    def checkpoints(self) -> Path:
        """The folder of the two newest checkpoints."""
        return self.folder / "checkpoints"

    @property
    def events(self) -> Path:
        """The folder TensorBoard reads."""
        return self.folder / "events"

    @property
    def division(self) -> Path:
        """Which picture is in which part."""
        return self.folder / "split.csv"

    @property
    def begun(self) -> bool:
        """Whether there is something to resume: `recipe.toml` is the last that `begin` writes."""
        return (self.folder / "recipe.toml").is_file()

    def abandon(self) -> None:
        """Remove what a run leaves that failed before it had begun."""
        with suppress(OSError, ClearsightError):
            if not self.begun and _unbegun(self.folder):
                for path in sorted(self.folder.rglob("*"), reverse=True):
                    path.rmdir() if path.is_dir() else remove(path)
                self.folder.rmdir()

    def begin(self, recipe: Recipe, facts: dict[str, Any], manifest: str, past: str = "", save: Callable[[], object] | None = None) -> None:
        """Write what a resume needs to know; `save` writes a checkpoint where that is not in the recipe alone."""
        sweep(self.folder)
        for path in self.checkpoints.glob("*"):  # of a run that was killed before it began
            remove(path)
        verb = "pretrain" if isinstance(recipe, Pretraining) else "train"
        again = shlex.join(["clearsight", verb, facts["data"], "--recipe", str(self.folder / "recipe.toml")])
        title = f"The recipe of this run. Again: {again}"
        self.keep_division(facts, manifest, past)
        if save:
            save()
        write_atomic(self.folder / "recipe.toml", to_toml(recipe, title))

    def keep_division(self, facts: dict[str, Any], manifest: str, past: str = "") -> None:
        """Write on what data it was begun and how they are divided, and what that which it starts from has learnt from."""
        write_json(self.folder / "run.json", facts)
        write_atomic(self.division, manifest)
        self.keep_ancestors(past)

    def keep_ancestors(self, past: str) -> None:
        """Write what that which the run starts from has learnt from, if anything is known of it."""
        if past:
            write_atomic(self.folder / ANCESTORS, past)

    def divided(self) -> tuple[dict[str, Any], str]:
        """What `keep_division` wrote."""
        return read_table(self.folder / "run.json", "that of a run", KNOWN, also=OFTEN), self.division.read_text(encoding="utf-8")

    def reopen(self) -> tuple[Recipe, dict[str, Any], str]:
        """What `begin` wrote; raises UsageError when this is no run folder."""
        if not self.begun:
            raise UsageError(f"no run to resume in {self.folder}: it has no recipe.toml. `clearsight train DATA` starts one.")
        return saved(self.folder / "recipe.toml"), *self.divided()

    def write_rows(self, rows: list[dict[str, Any]]) -> None:
        """`results.csv`, a row an epoch."""
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_atomic(self.folder / "results.csv", text.getvalue())

    def rows(self) -> list[dict[str, Any]]:
        """The rows of `results.csv` as numbers; none when there is no such file."""
        path = self.folder / "results.csv"
        if not path.is_file():
            return []
        with path.open(encoding="utf-8", newline="") as file:
            return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def free_folder(named: str, runs: str) -> Path:
    """The run folder called `named` (a bare name goes under `runs`); raises UsageError when it is taken.

    What a run leaves that was killed before it began does not take it.
    """
    folder = named_folder(named, runs)
    if folder.exists() and not (folder.is_dir() and _unbegun(folder)):
        raise UsageError(
            f"{folder} exists already and is left as it is. Continue it (clearsight train --resume {folder}) or name another --out."
        )
    return folder


def open_run(named: str, runs: str, data: str, model: str) -> Run:
    """A new run folder: `named` (a bare name goes under `runs`), or `runs/<data>-<model>`, numbered when taken.

    Raises UsageError when the folder that was named is taken.
    """
    if named:
        folder = free_folder(named, runs)
        _make(folder)
        return Run(folder)
    stem, number = run_name(data, model), 1
    while True:
        folder = Path(runs) / (stem if number == 1 else f"{stem}-{number}")
        if not folder.exists() and _make(folder):
            return Run(folder)
        number += 1


def run_name(data: str, model: str) -> str:
    """What a folder is called that has to do with `data` and `model`."""
    return re.sub(r"[^\w.-]+", "-", f"{Path(data).stem or data}-{model}")[:100].strip("-.") or "run"


def named_folder(named: str, runs: str) -> Path:
    """The folder called `named`; a bare name goes under `runs`."""
    return Path(named) if Path(named).name != named else Path(runs) / named


def _make(folder: Path) -> bool:
    try:
        return make_folder(folder)
    except OSError as error:
        raise ClearsightError(f"cannot make the run folder {folder}: {error.strerror or error}. Name another with --out.") from error


def _unbegun(folder: Path) -> bool:
    """Whether nothing is in `folder` but what `begin` writes before `recipe.toml`, in its order."""
    before = ("run.json", "split.csv", "checkpoints")
    return {path.name for path in folder.iterdir() if not is_temporary(path)} - {ANCESTORS} in [set(before[:n]) for n in range(4)]
