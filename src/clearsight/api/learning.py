"""`train`, `doctor`, `resume`, `pretrain`, `ladder`, `sweep`: data and a recipe in, run folders with trained classifiers out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

from torch import nn

from ..base.code import allow
from ..base.errors import UsageError
from ..base.files import PAGE_MARK, require_ours, write_atomic
from ..base.result import drawn_by
from ..experiments.ladder import LadderResult, climb
from ..experiments.sweep import SweepResult, search
from ..models.own import Build, lend
from ..recipes.recipe import Pretraining, Recipe, Settings, difference
from ..runs import mirror
from ..runs.run import Run
from ..runs.trained import Trained
from ..training import api
from ..training.api import Diagnosis, Loss, Objective, lend_objective
from .settings import PretrainSettings, TrainSettings
from .sources import Data


def train(
    data: Data,
    recipe: str | Path | Recipe = "auto",
    *,
    model: str | nn.Module | Build = "auto",
    objective: str | Loss | type[Objective] = "",
    out: str | Path = "",
    runs: str | Path = "runs",
    quiet: bool = False,
    allow_code: bool = False,
    doctor: bool = True,
    or_resume: bool = False,
    **settings: Unpack[TrainSettings],
) -> Trained:
    """Train a classifier on labelled pictures and return the finished run: its folder, its `classifier`, its validation accuracy.

    `data` is a folder, a table, an `.npz`, a named set, arrays, or a dataset object. `recipe` is a name, a `.toml` file, or a `Recipe`, of
    which the settings count that differ from the defaults; `settings` are laid over it. `model` is a name, or a network of your own: a
    `torch.nn.Module`, its class, or a function (`clearsight.models.own`). `objective` is a loss of your own in place of cross-entropy: a
    function of logits `(N, K)` and labels `(N,)` to losses `(N,)`, or a class of `Objective`. `out` is the run folder, a bare name goes
    under `runs`; with `or_resume` the run there is continued if it has begun. `doctor` makes quick checks before a training of more than
    ten minutes, unless it is `quiet`. In a process of `torchrun` other than the first it does not return, but ends the process. Raises
    ClearsightError.

    >>> import clearsight as cs
    >>> run = cs.train("digits", cs.Recipe(model="pixels"), epochs=1, quiet=True)
    >>> run.classifier.classify(cs.open_dataset("digits")["test"].source(0)).label
    '0'
    """
    given: dict[str, Any] = {**_settings(recipe, Recipe), **_model(model), **_objective(objective), **settings}
    found = api.train(data, out=str(out), runs=str(runs), quiet=quiet, allow_code=allow_code, doctor=doctor, or_resume=or_resume, **given)
    return _leading(found)


def doctor(
    data: Data,
    recipe: str | Path | Recipe = "auto",
    *,
    model: str | nn.Module | Build = "auto",
    objective: str | Loss | type[Objective] = "",
    runs: str | Path = "runs",
    quiet: bool = False,
    allow_code: bool = False,
    **settings: Unpack[TrainSettings],
) -> Diagnosis:
    """Check the training that `train` would do with the same arguments, in about a minute and without a trace.

    Inputs, labels, the first loss, gradients and dead units of each layer, the learning rate by a range test, one batch fitted, memory and
    the largest batch, what limits the rate, time and disk: a verdict each (good, look at this, stop) with the option to change. Save the
    range test as a figure with `.save("rates.png")`. Raises ClearsightError.

    >>> import clearsight as cs
    >>> cs.doctor("digits", model="pixels", quiet=True)["inputs"].verdict
    'good'
    """
    given = {**_settings(recipe, Recipe), **_model(model), **_objective(objective), **settings}
    return api.doctor(data, runs=str(runs), quiet=quiet, allow_code=allow_code, **given)


def pretrain(
    data: Data,
    recipe: str | Path | Recipe = "auto",
    *,
    model: str | nn.Module | Build = "auto",
    out: str | Path = "",
    runs: str | Path = "runs",
    quiet: bool = False,
    allow_code: bool = False,
    or_resume: bool = False,
    **settings: Unpack[PretrainSettings],
) -> Trained:
    """Learn features from pictures without their labels (SimCLR), and return the finished run.

    Arguments are as of `train`; labels, where the data have them, only fit the head that judges the features. Start a training from the
    run with `train(data, from_=run.run)`. Raises ClearsightError. T. Chen et al., A simple framework for contrastive learning, 2020.

    >>> import clearsight as cs
    >>> run = cs.pretrain("digits", model="lenet5", epochs=1, batch=256, quiet=True)
    >>> run.classifier.facts["pretrained"]
    'simclr'
    """
    given = {**_settings(recipe, Pretraining), **_model(model), **settings}
    found = api.pretrain(data, out=str(out), runs=str(runs), quiet=quiet, allow_code=allow_code, or_resume=or_resume, **given)
    return _leading(found)


def resume(run: str | Path | Trained, *, data: Data | None = None, quiet: bool = False, allow_code: bool = False) -> Trained:
    """Continue a stopped training or pretraining from its newest checkpoint: the same weights, bit for bit, as without the stop.

    `data` is only needed where the run was started on objects of Python, or the data have moved; `allow_code` where its recipe names
    code. Raises ClearsightError.

    >>> import clearsight as cs
    >>> run = cs.train("digits", model="pixels", epochs=1, quiet=True)
    >>> cs.resume(run, quiet=True).validation == run.validation
    True
    """
    folder = run.run if isinstance(run, Trained) else mirror.local(run)
    pretraining = isinstance(Run(folder).reopen()[0], Pretraining)
    again = api.resume_pretraining if pretraining else api.resume
    return _leading(again(folder, data=None if data is None else data, quiet=quiet, allow_code=allow_code))


def ladder(
    data: str | Path,
    *,
    rungs: tuple[str, ...] | list[str] = (),
    out: str | Path = "",
    quiet: bool = False,
    **settings: Unpack[TrainSettings],
) -> LadderResult:
    """Train and judge one method after the other on the same data, from the commonest class to a full network; resumable.

    Each rung is trained with 1, 10 and 100 % of the labels. `rungs` are names (default: all); `settings` are fields of `Recipe`
    that all share, but `from_` is for the rung `frozen`, and `minutes` for all trainings together. Raises UsageError.

    >>> import clearsight as cs
    >>> found = cs.ladder("digits", rungs=["majority", "pixels"], epochs=1, quiet=True)
    >>> tuple(row.name for row in found.standings)
    ('majority', 'pixels')
    """
    return climb(data, out=str(out), rungs=rungs, quiet=quiet, **settings)


def sweep(
    data: str | Path,
    over: Mapping[str, Sequence[str | int | float | bool]],
    *,
    trials: int = 0,
    on: str = "",
    out: str | Path = "",
    quiet: bool = False,
    allow_code: bool = False,
    **settings: Unpack[TrainSettings],
) -> SweepResult:
    """Search over settings of a training by successive halving on validation pictures; the test part judges the chosen one, once.

    `over` has the values of each setting; every combination, or `trials` of them, is a training in a run folder of its own, and `settings`
    are what all share. `on="ray"` trains them at the same time by Ray. The same call on the same folder continues. Raises UsageError.

    >>> import clearsight as cs
    >>> found = cs.sweep("digits", {"lr": [1e-3, 1e-2]}, model="pixels", epochs=1, quiet=True)
    >>> found.trials[0].settings
    {'lr': 0.01}
    """
    say = (lambda line: None) if quiet else api.logger(quiet)
    return search(data, over, trials=trials, on=on, out=str(out), quiet=quiet, allow_code=allow_code, say=say, **settings)


def _settings(recipe: str | Path | Recipe, kind: type[Recipe]) -> Settings:
    """A recipe as settings: its name, or what a `Recipe` sets."""
    if isinstance(recipe, Recipe):
        return difference(recipe, kind() if isinstance(recipe, kind) else Recipe())
    if not isinstance(recipe, (str, Path)):
        raise UsageError(f"recipe must be a name, a .toml file or a Recipe. Got {type(recipe).__name__}.")
    return {} if recipe == "auto" else {"recipe": str(recipe)}


def _model(model: str | nn.Module | Build) -> dict[str, str]:
    """The network as a setting; one of your own is named by where it is imported from, and allowed."""
    word = model if isinstance(model, str) else lend(model)
    if word.startswith("@"):
        allow([word])
    return {} if word == "auto" else {"model": word}


def _objective(objective: str | Loss | type[Objective]) -> dict[str, str]:
    """The objective as a setting; one of your own is named by where it is imported from, and allowed."""
    if not isinstance(objective, str):
        objective = lend_objective(objective)
        allow([objective])
    return {"objective": objective} if objective else {}


def _leading(found: Trained | None) -> Trained:
    """The run, in the process that has it."""
    if found is None:
        raise SystemExit(0)
    return found


def _page(found: LadderResult, path: Path) -> None:
    from ..reports.ladder import write_page

    require_ours(path, PAGE_MARK)
    write_page(found, path)


drawn_by(LadderResult, (".html",), _page)


def _rates(found: Diagnosis, path: Path) -> None:
    from ..reports.figures.learning_rate import rate_figure
    from ..reports.saving import saved

    if found.range_test is None or len(found.range_test.losses) < 2:
        raise UsageError(
            "there is no range test to draw: a head that is solved has no learning rate, and a check may have stopped before it."
        )
    write_atomic(path, saved([rate_figure(found.range_test)], path.suffix.lower()))


drawn_by(Diagnosis, (".png", ".svg", ".pdf"), _rates)
