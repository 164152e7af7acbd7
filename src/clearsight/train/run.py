"""A run folder: what a training writes, where, and how it is found again."""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.errors import UsageError
from ..base.files import read_json, write_atomic, write_json
from ..base.settings import from_dict, read_toml, to_toml
from .recipe import Recipe


@dataclass(frozen=True)
class Run:
    """`recipe.toml`, `run.json`, `split.csv`, `results.csv`, `checkpoints/`, `events/`, and in the end the artefact."""

    folder: Path

    @property
    def checkpoints(self) -> Path:
        """The folder of the two newest checkpoints."""
        return self.folder / "checkpoints"

    @property
    def events(self) -> Path:
        """The folder TensorBoard reads."""
        return self.folder / "events"

    def begin(self, recipe: Recipe, facts: dict[str, Any], manifest: str) -> None:
        """Write what a resume needs to know."""
        title = f"The recipe of this run. Again: clearsight train {facts['data']} --recipe {self.folder / 'recipe.toml'}"
        write_atomic(self.folder / "split.csv", manifest)
        write_json(self.folder / "run.json", facts)
        write_atomic(self.folder / "recipe.toml", to_toml(recipe, title))

    def reopen(self) -> tuple[Recipe, dict[str, Any], str]:
        """What `begin` wrote; raises UsageError when this is no run folder."""
        if not (self.folder / "recipe.toml").is_file():
            raise UsageError(f"no run to resume in {self.folder}: it has no recipe.toml. `clearsight train DATA` starts one.")
        recipe = from_dict(Recipe, read_toml(self.folder / "recipe.toml"))
        return recipe, read_json(self.folder / "run.json"), (self.folder / "split.csv").read_text(encoding="utf-8")

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
    """The run folder called `named` (a bare name goes under `runs`); raises UsageError when it holds anything already."""
    folder = Path(named) if Path(named).name != named else Path(runs) / named
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"{folder} exists already and is left as it is. Continue it (clearsight train --resume {folder}) or name another --out."
        )
    return folder


def open_run(named: str, runs: str, data: str, model: str) -> Run:
    """A new run folder: `named` (a bare name goes under `runs`), or `runs/<data>-<model>`, numbered when taken.

    Raises UsageError when the folder that was named holds anything already.
    """
    if named:
        return Run(_made(free_folder(named, runs)))
    stem = re.sub(r"[^\w.-]+", "-", f"{Path(data).stem or data}-{model}").strip("-.") or "run"
    number = 1
    while True:
        folder = Path(runs) / (stem if number == 1 else f"{stem}-{number}")
        try:
            folder.mkdir(parents=True)
            return Run(folder)
        except FileExistsError:
            number += 1
        except OSError as error:
            raise UsageError(f"cannot make the run folder {folder}: {error.strerror or error}. Name another with --out.") from error


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the run folder {folder}: {error.strerror or error}. Name another with --out.") from error
    return folder
