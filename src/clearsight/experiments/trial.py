"""A trial of a sweep: an ordinary run folder that is trained from rung to rung."""

import math
from dataclasses import dataclass, replace
from typing import Any

from ..base.errors import ClearsightError, UsageError, plain
from ..base.settings import spelled
from ..classifier import load
from ..metrics.intervals import Estimate, proportion
from ..recipes.compose import compose
from ..recipes.recipe import Recipe, Settings, code_in
from ..runs import mirror
from ..runs.run import Run
from ..training.api import Interrupted, Paused, resume, train

FINISHED = "model.safetensors"
KEPT = 3  # one trial in so many continues after a rung


@dataclass(frozen=True)
class Trial:
    """A training of a sweep: its settings, the epochs that it was trained for of those planned, and its best validation accuracy so far.

    `failed` is the error of one that could not be trained.
    """

    name: str
    settings: Settings
    epochs: int = 0
    planned: int = 0
    accuracy: Estimate | None = None
    loss: float = math.inf
    seconds: float = 0.0
    finished: bool = False
    failed: str = ""
    run: str = ""

    @property
    def rank(self) -> tuple[bool, float, float]:
        """What orders trials, the best last."""
        return (self.accuracy is not None, self.accuracy["value"] if self.accuracy else 0.0, -self.loss)


def rungs(trials: int) -> int:
    """The number of times that trials are left behind."""
    return int(math.log(trials, KEPT) + 1e-9)


def told(trial: Trial) -> str:
    """A trial in a line."""
    values = " ".join(f"{spelled(name)}={value}" for name, value in trial.settings.items())
    if trial.accuracy is None:
        return f"{values}: {trial.failed}"
    return f"{values}: epoch {trial.epochs}/{trial.planned}, validation {trial.accuracy['value']:.2%}"


def to_rung(data: Any, trial: Trial, settings: Settings, above: int, n: int, quiet: bool) -> Trial:
    """The trial, trained or resumed to the rung that has so many `above` it; one that fails, as by a loss that is not finite, says why."""
    if trial.failed:
        return trial
    given, run, until = {**settings, **trial.settings}, Run(mirror.local(trial.run)), 0
    try:
        until = _until(run.reopen()[0] if run.begun else compose(given, at_hand=True), above)
        if not run.begun:
            train(data, out=trial.run, quiet=quiet, doctor=False, until=until, **dict[str, Any](given))
        elif not (run.folder / FINISHED).is_file() and not 0 < until <= len(run.rows()):
            resume(trial.run, data=data, quiet=quiet, allow_code=bool(code_in(given)), until=until)
    except Paused:
        pass
    except Interrupted as error:
        raise Interrupted(error.number, "the same command") from None
    except UsageError:
        raise
    except ClearsightError as error:
        return replace(trial, failed=plain(error))
    return standing(trial, n, until)


def _until(recipe: Recipe, above: int) -> int:
    """The epoch of a rung: a third of the recipe's for each rung above it; 0 for the end."""
    return math.ceil(recipe.epochs / KEPT**above) if above else 0


def standing(trial: Trial, n: int, until: int) -> Trial:
    """The trial with what its run folder says up to epoch `until`: its best accuracy on the `n` validation pictures, epochs, seconds.

    What it was trained for beyond a rung, before the sweep was stopped, has no part in the choice at that rung.
    """
    run = Run(mirror.local(trial.run))
    recipe, rows, finished = run.reopen()[0], run.rows(), (run.folder / FINISHED).is_file()
    if until and recipe.optimizer != "lbfgs":
        rows, finished = [row for row in rows if row["epoch"] <= until], finished and recipe.epochs <= until
    judged = [(row["val_accuracy"], -row["val_loss"]) for row in rows if "val_accuracy" in row]
    if judged:
        best, loss = max(judged)
        accuracy = proportion(round(best * n), n)
    else:  # a head that was cross-validated
        found, loss = load(run.folder).facts["validation"], 0.0
        accuracy = proportion(round(found["top1"]["value"] * found["n"]), found["n"])
    last = rows[-1] if rows else {}
    return replace(
        trial,
        epochs=int(last.get("epoch", 0)),
        planned=recipe.epochs,
        accuracy=accuracy,
        loss=-loss,
        seconds=round(last.get("seconds", 0.0), 1),
        finished=finished,
    )
