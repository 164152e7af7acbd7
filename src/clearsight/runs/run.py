"""A run folder: the files of a training, written, locked and read again."""

import csv
import io
import shlex
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self, TypedDict, cast

from ..base.errors import ClearsightError, CorruptFile, InUse, Stopped, UsageError, listed, worded
from ..base.files import clear, inside, is_link, is_temporary, remove, sweep, write_atomic, write_json
from ..base.lock import NAMES, REPORT, Lock, hold, require_unlocked
from ..base.remote.address import is_address, shown
from ..base.remote.lease import Lease
from ..base.settings import read_toml, to_toml
from ..base.stored import read_table
from ..classifier.learnt import ANCESTORS, TABLES, tables
from ..images.preprocess import Stored
from ..recipes.compose import saved
from ..recipes.recipe import Pretraining, Recipe, code_in
from . import mirror
from .held_out import FILE as HELD_OUT
from .state import BEGUN, FAILED, ROWS, State, rows_of, run_name, state_of

# keys of every run.json, and those of most
KNOWN = {"data": str}
OFTEN = {
    "name": str,
    "classes": list[str],
    "hardware": dict,
    "preprocessing": dict,
    "speed": str,
    "lineage": dict,
    "recipe": dict,
    "asked": dict,
}
FOLDERS = ("checkpoints", "events", "golden", "members", "watch")  # below a run's


class RunFacts(TypedDict, total=False):
    """`run.json`: the data, the machine, and of a run that has begun what its weights depend on. Older runs lack some."""

    data: str
    name: str
    classes: list[str]
    clearsight: str
    hardware: dict[str, str | int]
    preprocessing: Stored
    speed: str
    lineage: dict[str, str]
    recipe: Mapping[str, object]
    asked: Mapping[str, object]


@dataclass(frozen=True)
class Run:
    """`recipe.toml`, `run.json`, `split.csv`, `ancestors.csv`, `results.csv`, `checkpoints/`, `events/`, and in the end the artefact.

    Inside its `with` the writer holds its `lock`, and the `lease` of the address that it is sent to. `made` are the folders that were
    created for it.
    """

    folder: Path
    lock: Lock | None = field(default=None, compare=False, repr=False)
    lease: Lease | None = field(default=None, compare=False, repr=False)
    made: tuple[Path, ...] = field(default=(), compare=False, repr=False)

    @property
    def checkpoints(self) -> Path:
        """The folder of the two newest checkpoints; raises ClearsightError when it is a link."""
        return inside(self.folder, "checkpoints")

    @property
    def events(self) -> Path:
        """The folder TensorBoard reads; raises ClearsightError when it is a link."""
        return inside(self.folder, "events")

    @property
    def division(self) -> Path:
        """Which picture is in which part."""
        return self.folder / "split.csv"

    @property
    def begun(self) -> bool:
        """Whether there is something to resume: `begin` writes `recipe.toml` last."""
        return (self.folder / BEGUN).is_file()

    @property
    def state(self) -> State:
        """What the folder says now, as in `state_of`."""
        return state_of(self.folder)

    @property
    def note(self) -> str:
        """Lines where the disk or the store keeps no locks, or where a lock was taken over, else ''."""
        return "\n".join(one.note for one in (self.lock, self.lease) if one and one.note)

    def locked(self) -> Self:
        """The run, locked against other writers inside its `with`; raises InUse, and ClearsightError for links in it."""
        for name in FOLDERS:
            inside(self.folder, name)
        lock = hold(self.folder)
        try:
            return replace(self, lock=lock, lease=mirror.take(self.folder, alone=not lock.note))
        except BaseException as error:
            lock.__exit__(type(error), error, None)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.lock is None:
            return
        if error is not None:
            self._abandon()
            self._keep_error(error)
        mirror.leave(self.folder)
        self.lock.__exit__(kind, error, trace)
        if error is not None:
            with suppress(OSError):  # it may not be empty, or be gone
                for folder in self.made:
                    folder.rmdir()

    def _abandon(self) -> None:
        """Remove the files of a run that failed before it had begun."""
        with suppress(OSError, ClearsightError):
            if self.made and not self.begun and _unbegun(self.folder):
                clear(self.folder, spared=NAMES)

    def _keep_error(self, error: BaseException) -> None:
        """Write why a run that had begun has ended, in one line."""
        if isinstance(error, Exception) and not isinstance(error, Stopped) and self.begun:
            with suppress(ClearsightError):  # the first error is the one to report
                write_json(self.folder / FAILED, {"error": worded(error)})

    def forget_error(self) -> None:
        """Remove what an earlier error has left: the run goes on."""
        remove(self.folder / FAILED)

    def begin(self, recipe: Recipe, facts: RunFacts, manifest: str, past: str = "", save: Callable[[], object] | None = None) -> None:
        """Write the files that a resume needs; `save` writes a checkpoint, if the initial weights do not follow from the recipe."""
        self.sweep()
        if self.checkpoints.is_dir():  # of a run that was killed before it began
            clear(self.checkpoints)
        verb = "pretrain" if isinstance(recipe, Pretraining) else "train"
        code = ["--allow-code"] if code_in(asdict(recipe)) else []
        again = shlex.join(["clearsight", verb, facts["data"], "--recipe", str(self.folder / "recipe.toml"), *code])
        text = to_toml(recipe, f"The recipe of this run. Again: {again}")
        self.keep_division({**facts, "recipe": tomllib.loads(text)}, manifest, past)
        if save:
            save()
        write_atomic(self.folder / "recipe.toml", text)

    def sweep(self) -> None:
        """Remove half-written files of a killed process, except for an evaluation's report that is being written."""
        with hold(self.folder, REPORT, wait=True):
            sweep(self.folder)

    def keep_division(self, facts: RunFacts, manifest: str, past: str = "") -> None:
        """Write the run's metadata, its split, and the training pictures of the weights that it starts from."""
        write_json(self.folder / "run.json", {**facts, TABLES: tables(manifest, past)})
        write_atomic(self.division, manifest)
        self.keep_ancestors(past)

    def add_fact(self, name: str, value: object) -> None:
        """Add what a training has found to the run's metadata."""
        path = self.folder / "run.json"
        write_json(path, {**read_table(path, "that of a run", KNOWN, also=OFTEN), name: value})

    def keep_ancestors(self, past: str) -> None:
        """Write the training pictures of the weights that the run starts from, if they are known."""
        if past:
            write_atomic(self.folder / ANCESTORS, past)

    def divided(self) -> tuple[RunFacts, str]:
        """The metadata and the split that `keep_division` wrote."""
        facts = cast(RunFacts, read_table(self.folder / "run.json", "that of a run", KNOWN, also=OFTEN))
        try:
            return facts, self.division.read_text(encoding="utf-8")
        except OSError as error:
            raise ClearsightError(f"cannot read {self.division}: {error.strerror or error}.") from error
        except ValueError as error:
            raise CorruptFile(f"{self.division} is not the division of a run: {error}.") from error

    def reopen(self) -> tuple[Recipe, RunFacts, str]:
        """The recipe, metadata and split that `begin` wrote; raises UsageError if this is not a run folder, or its recipe was edited."""
        if not self.begun:
            raise UsageError(f"no run to resume in {self.folder}: it has no recipe.toml. `clearsight train DATA` starts one.")
        path = self.folder / "recipe.toml"
        recipe, (facts, table) = saved(path), self.divided()
        known, now = facts.get("recipe"), read_toml(path)  # older runs do not store it
        if known is not None and known != now:
            changed = [
                f"{name} is {now.get(name)!r}, was {known.get(name)!r}" for name in {**known, **now} if now.get(name) != known.get(name)
            ]
            raise UsageError(
                f"{path} was edited ({listed(changed, 4)}), and settings cannot be changed in a resume. "
                f"Put it back, or start another run: clearsight train DATA --recipe {path}"
            )
        return recipe, facts, table

    def write_rows(self, rows: list[dict[str, float]]) -> None:
        """`results.csv`, a row an epoch."""
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_atomic(self.folder / ROWS, text.getvalue())

    def rows(self) -> list[dict[str, float]]:
        """The rows of `results.csv` as numbers; none when there is no such file."""
        return rows_of(self.folder)


def _require_free(folder: Path) -> None:
    """Raise UsageError if the folder is taken; the files of a run that was killed before it began do not count."""
    if folder.is_symlink() and not folder.exists():
        raise UsageError(f"{folder} is a link that leads nowhere, and is left as it is. Name another --out.")
    if folder.exists() and not (folder.is_dir() and _unbegun(folder)):
        raise UsageError(
            f"{folder} exists already and is left as it is. Continue it (clearsight train --resume {folder}; in Python "
            f"clearsight.resume({str(folder)!r})) or name another --out (out=)."
        )


def free_folder(named: str, runs: str) -> Path:
    """The run folder called `named` (a bare name goes under `runs`); raises UsageError when it is taken, InUse when it is about to be."""
    if is_address(named):
        mirror.require_free(named)
    folder = named_folder(named, runs)
    _require_free(folder)
    require_unlocked(folder)
    return folder


def open_run(named: str, runs: str, data: str = "", model: str = "") -> Run:
    """A new run folder, locked: `named` (a bare name goes under `runs`), or `runs/<data>-<model>`, numbered when taken.

    Raises UsageError when the folder that was named is taken, InUse when another process is about to begin there.
    """
    if named:
        return _claimed(named_folder(named, runs))
    stem, number = run_name(data, model), 1
    while True:
        folder = Path(runs) / (stem if number == 1 else f"{stem}-{number}")
        if not folder.exists():
            with suppress(InUse, UsageError):  # another was quicker
                return _claimed(folder)
        number += 1


def _claimed(folder: Path) -> Run:
    _require_free(folder)
    made = tuple(path for path in (folder, *folder.parents) if not path.exists())
    lock = hold(folder)
    try:
        lease = mirror.take(folder, alone=not lock.note, new=True)
        _require_free(folder)  # a run may have ended here since
    except BaseException as error:
        lock.__exit__(type(error), error, None)
        raise
    return Run(folder, lock, lease, made or (folder,))


def named_folder(named: str, runs: str) -> Path:
    """The folder called `named`; a bare name goes under `runs`, an address has a folder in the cache."""
    if is_address(named):
        return mirror.folder_of(named)
    return Path(named) if Path(named).name != named else Path(runs) / named


def folder_here(named: str, runs: str) -> Path:
    """As `named_folder`, for what is not sent to addresses; raises UsageError for one, which would stay in the cache."""
    if is_address(named):
        raise UsageError(f"only trainings, ensembles and sweeps go to addresses: name a folder here with --out (out=). Got {shown(named)}.")
    return named_folder(named, runs)


def _unbegun(folder: Path) -> bool:
    """Whether `folder` has only files that `begin` writes before `recipe.toml`."""
    before = ("run.json", "split.csv", "checkpoints")
    try:
        found = [path for path in folder.iterdir() if path.name not in NAMES and not is_temporary(path)]
    except FileNotFoundError:  # a run that failed has just removed it
        return True
    return {path.name for path in found} - {ANCESTORS, HELD_OUT} in [set(before[:n]) for n in range(4)] and not any(map(is_link, found))
