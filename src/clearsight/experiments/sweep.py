"""`sweep`: a search over settings of a recipe by successive halving on validation pictures; the test part judges the chosen one, once.

Every trial is an ordinary training in a run folder of its own. All are trained for a part of their epochs; the best third continues from
its checkpoint for three times as many, and so on: the schedule of a trial is that of its whole training throughout, so a trial that
reaches its end has the weights of a training that was never paused. The same call on the same folder continues an interrupted search.

K. Jamieson, A. Talwalkar, Non-stochastic best arm identification and hyperparameter optimization, AISTATS 2016.
"""

import math
import re
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from difflib import get_close_matches
from itertools import product
from pathlib import Path
from typing import Any, get_type_hints

from ..base.compute.distributed import process_group
from ..base.errors import ClearsightError, UsageError, listed, unknown
from ..base.files import inside, write_json
from ..base.lock import NAMES
from ..base.randomness import permutation
from ..base.remote.address import is_address, joined
from ..base.result import Result, Row
from ..base.settings import sections, spelled
from ..base.stored import fitting, read_table, taken_from
from ..classifier import load
from ..classifier.stamp import Stamp, computed_by, judged_on
from ..datasets.dataset import Parts
from ..evaluation.evaluate import evaluate
from ..metrics.intervals import Estimate
from ..recipes.compose import compose, require_own_code
from ..recipes.recipe import Recipe, Setting, Settings
from ..runs import mirror
from ..runs.run import named_folder
from ..runs.splits import divided, known_pictures, require_unseen, unseen_test
from ..runs.state import run_name
from ..training.api import Interrupted
from . import sweep_on_ray
from .trial import KEPT, Trial, rungs, to_rung, told

FILE, WHAT = "sweep.json", "the file of a sweep"
NOT_OVER = ("epochs", "minutes", "ensemble", "keep", "device", "cache", "workers", "checkpoint_minutes", "timeout_minutes", "loggers")
OPTIMISTIC = "validation chose among these trials, so the accuracy of the best is optimistic; that on the test part is not"


@dataclass(frozen=True)
class SweepResult(Result):
    """What `clearsight sweep` found: `trials` from the best to the worst on `n` validation pictures, and `test` of the `chosen` one.

    `test` is its accuracy on the `tested` pictures of the test part, which had no part in the choice.
    """

    folder: Path
    data: str
    over: dict[str, list[Setting]]
    settings: Settings
    n: int
    trials: list[Trial] = field(default_factory=list)
    chosen: str = ""
    test: Estimate | None = None
    tested: int = 0
    stamp: Stamp = field(default_factory=Stamp)

    def to_json(self) -> dict[str, Any]:
        """The JSON of `clearsight sweep --json`."""
        rows = [{**asdict(trial), "loss": trial.loss if math.isfinite(trial.loss) else None} for trial in self.trials]
        return {**asdict(self), "folder": mirror.named(self.folder), "trials": rows}

    def headline(self) -> str:
        """The search in a sentence."""
        return f"{self.data}: {len(self.trials)} trials on {self.n:,} validation pictures"

    def rows(self) -> list[Row]:
        """A line for each trial, the best first: its settings, epochs, validation accuracy with its 95 % interval, seconds."""
        return [
            {
                **trial.settings,
                "epochs": f"{trial.epochs}/{trial.planned}",
                **{key: trial.accuracy[key] if trial.accuracy else None for key in ("value", "low", "high")},
                "s": trial.seconds,
            }
            for trial in self.trials
        ]


def search(
    data: Any,
    over: Mapping[str, Sequence[Any]],
    *,
    trials: int = 0,
    on: str = "",
    out: str = "",
    quiet: bool = False,
    allow_code: bool = False,
    say: Callable[[str], None] = lambda line: None,
    **settings: Any,
) -> SweepResult:
    """Train every combination of the values of `over` (or `trials` of them, drawn by the seed), and judge the best on the test part.

    `settings` are the fields of `Recipe` that all trials share. `on` may be "ray". Raises UsageError for a setting that cannot be
    searched over, for data that are not in a file, and for a folder that has another sweep.
    """
    if not isinstance(data, (str, Path)):
        raise UsageError("a sweep is made on data that can be opened again: a folder, a file, or a named set.")
    if on not in ("", "ray"):
        raise unknown("place to run trials", on, ("ray",))
    with process_group() as group:
        if group.world > 1:
            raise UsageError("the trials of a sweep are trained one after the other, or with --on ray: start it without torchrun.")
    require_own_code(settings, allow_code)
    grid = combinations(over, settings, trials)
    carving: Settings = {name: settings[name] for name in _names("Data") if name in settings}
    parts = divided(known_pictures(data, compose(carving), quiet=quiet), compose(carving))
    if missing := {"val", "test"} - parts.parts.keys():
        raise UsageError(f"{parts.name} has no {' and no '.join(sorted(missing))} part: a sweep chooses by validation, and judges by test.")
    where = out if is_address(out) else named_folder(out, "runs") if out else Path("runs") / run_name(parts.name, "sweep")
    whole = {**settings, "trials": len(grid)}
    with mirror.alone(where, FILE) as folder, _resumable():
        sweep = _begun(
            SweepResult(folder, parts.name, {name: list(values) for name, values in over.items()}, whole, len(parts.parts["val"]))
        )
        mirror.send(folder)
        every = [_trial(where, i, values) for i, values in enumerate(grid, 1)]
        halved = sweep_on_ray.halved if on else _halved
        done = halved(data, every, settings, len(parts.parts["val"]), quiet, say)
        ordered = sorted(done, key=lambda trial: (trial.finished, trial.epochs, trial.rank), reverse=True)
        sweep = _judged(replace(sweep, trials=ordered), parts, quiet)
        write_json(folder / FILE, sweep.to_json())
        mirror.send(folder)
        return sweep


def _trial(where: str | Path, number: int, values: Settings) -> Trial:
    """A trial to come, in a folder of its own in that of the sweep, or at an address below the sweep's."""
    name = _named(number, values)
    return Trial(name, values, run=joined(str(where), name) if is_address(where) else str(inside(Path(where), name)))


@contextmanager
def _resumable() -> Iterator[None]:
    """Ctrl-C between two trainings, or while Ray trains, ends a sweep as one within a training does."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(signal.SIGINT, "the same command") from None


def combinations(over: Mapping[str, Sequence[Any]], settings: Settings, trials: int = 0) -> list[Settings]:
    """Every combination of the values of `over`, typed as the recipe's fields; or `trials` of them, in the order of a draw by the seed."""
    hints, allowed = get_type_hints(Recipe), allowed_names()
    names = {spelled(name): name for name in allowed}
    if not over:
        raise UsageError(
            f"a sweep needs settings to search over, as in --over lr=1e-3,3e-3 (over={{'lr': [1e-3, 3e-3]}}): {listed(names, 99)}."
        )
    typed: dict[str, list[Setting]] = {}
    for given, values in over.items():
        name = names.get(given.replace("-", "_"), given)
        if name not in allowed:
            raise _refused(given.replace("_", "-"), [word.replace("_", "-") for word in names])
        if name in settings:
            raise UsageError(f"{spelled(name)} is searched over and given for all trials: leave one of them out.")
        typed[name] = list(dict.fromkeys(_value(spelled(name), value, hints[name]) for value in values))
        if not typed[name]:
            raise UsageError(f"--over {spelled(name)} needs values, as in --over {spelled(name)}=A,B.")
    grid: list[Settings] = [dict(zip(typed, values, strict=True)) for values in product(*typed.values())]
    for one in grid:
        compose({**settings, **one}, at_hand=True)  # what a training would refuse
    if 0 < trials < len(grid):
        return [grid[i] for i in permutation(int(settings.get("seed", 0)), -20, len(grid))[:trials].tolist()]
    return grid


def _refused(given: str, names: list[str]) -> UsageError:
    """The error for a setting that a sweep cannot be over, with the nearest and with all that it can."""
    common = given in {spelled(one.name).replace("_", "-") for one in fields(Recipe)}
    near = get_close_matches(given, names, n=1)
    hint = f"It is the same for all trials: give --{given}." if common else f"Did you mean {near[0]}?" if near else ""
    said = f"--over cannot take {given}." if common else f"no setting to search over is called {given!r:.80}."
    return UsageError(" ".join(filter(None, (said, hint, f"A sweep can be over: {listed(names, 99)}."))))


def allowed_names() -> list[str]:
    """The fields of `Recipe` that a sweep may search over: not those that divide the data, or say for how long and where is trained."""
    return [one.name for one in fields(Recipe) if one.name not in (*NOT_OVER, *_names("Data"))]


def _names(section: str) -> list[str]:
    return [one.name for one in sections(Recipe)[section]]


def _value(name: str, value: Any, kind: type) -> Setting:
    """A value of `--over` as its field has it; raises UsageError for one that cannot be read."""
    if not isinstance(value, str) or kind is str:
        return value  # type: ignore[no-any-return]
    try:
        return {"true": True, "false": False}[value.lower()] if kind is bool else kind(value)
    except (KeyError, ValueError):
        what = {bool: "true or false", int: "whole numbers", float: "numbers"}[kind]
        raise UsageError(f"--over {name} takes {what}, separated by commas. Got {value!r:.40}.") from None


def _named(number: int, values: Settings) -> str:
    words = "-".join(f"{spelled(name)}={value}" for name, value in values.items())
    return f"{number:03}-" + re.sub(r"[^\w.=+-]+", "-", words)[:80].strip("-.")


def _begun(new: SweepResult) -> SweepResult:
    """The sweep, whose folder is new, empty, or has one of the same data, settings and grid; one that was judged keeps its figure."""
    path = new.folder / FILE
    if path.is_file():
        with taken_from(path, WHAT):
            old = read_table(path, WHAT)
            known, now = ({key: there.get(key) for key in ("data", "over", "settings", "n")} for there in (old, new.to_json()))
        if known != now:
            raise UsageError(f"{new.folder} has a sweep of {known}, and this one is of {now}. Name another folder with --out.")
        with taken_from(path, WHAT):
            return fitting(SweepResult, {**asdict(new), **{key: old[key] for key in ("chosen", "test", "tested", "stamp")}})
    if {path.name for path in new.folder.iterdir()} - set(NAMES):
        raise UsageError(f"{new.folder} is not empty, and has no sweep to continue. Name another folder with --out.")
    write_json(path, new.to_json())
    return new


def _halved(data: Any, trials: list[Trial], settings: Settings, n: int, quiet: bool, say: Callable[[str], None]) -> list[Trial]:
    """The trials, trained in turn: all to the first rung, the best to the next, the last ones to their end."""
    living, ended = trials, list[Trial]()
    last = rungs(len(trials))
    for rung in range(last + 1):
        trained = []
        for i, trial in enumerate(living, 1):
            found = to_rung(data, trial, settings, last - rung, n, quiet)
            trained.append(found)
            say(f"rung {rung + 1}/{last + 1}  {i}/{len(living)}  {told(found)}")
        best = sorted(trained, key=lambda trial: trial.rank, reverse=True)
        kept = max(1, len(best) // KEPT) if rung < last else 0
        living, ended = best[:kept], ended + best[kept:]
    return ended


def _judged(sweep: SweepResult, parts: Parts, quiet: bool) -> SweepResult:
    """The sweep with the accuracy of its best trial on the test part, computed once: a figure that is there is kept."""
    best = sweep.trials[0]
    if best.accuracy is None:
        raise ClearsightError(f"no trial could be trained. The first says: {best.failed}")
    if sweep.test is not None and sweep.chosen == best.name:
        return sweep
    test, classifier = unseen_test(parts), load(best.run)
    require_unseen(mirror.local(best.run), test)
    found = evaluate(classifier, test, quiet=quiet)
    stamp: Stamp = {"judged_on": judged_on(test, parts.name, "test"), **computed_by(classifier)}
    return replace(sweep, chosen=best.name, test=found.top(1), tested=len(test), stamp=stamp)
