"""The trials of a sweep at the same time, by Ray Tune: asynchronous successive halving, with the same run folders and rungs.

L. Li et al., A system for massively parallel hyperparameter tuning, MLSys 2020.
"""

import os
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any

from ..base.errors import MissingExtra
from ..base.remote.address import is_address
from ..base.remote.cluster import join_ray
from ..recipes.recipe import Settings
from ..runs import mirror
from ..runs.run import Run
from .trial import KEPT, Trial, rungs, standing, to_rung, told

EXTRA = "'clearsight[ray]' 'ray[tune]'"


def halved(data: Any, trials: list[Trial], settings: Settings, n: int, quiet: bool, say: Callable[[str], None]) -> list[Trial]:
    """The trials, each trained by a process of Ray until its scheduler stops it at a rung, in a folder that all machines see or a store."""
    os.environ.setdefault("RAY_CHDIR_TO_TRIAL_DIR", "0")  # relative paths are those of the caller
    os.environ.setdefault("TUNE_DISABLE_SIGINT_HANDLER", "1")  # which returns unfinished trials as if they were the result
    try:
        tune, schedulers = (import_module(name) for name in ("ray.tune", "ray.tune.schedulers"))
    except ImportError as error:
        raise MissingExtra(f"--on ray needs its package: pip install {EXTRA}. Without --on the trials are trained in turn.") from error
    join_ray(EXTRA)
    last = rungs(len(trials))
    source = str(Path(data).resolve()) if Path(data).exists() else data
    placed = [Trial(trial.name, trial.settings, run=_for_all(trial.run)) for trial in trials]

    def train(config: dict[str, int]) -> None:
        for rung in range(last + 1):
            found = to_rung(source, placed[config["trial"]], settings, last - rung, n, True)
            accuracy = found.accuracy["value"] if found.accuracy else -1.0
            tune.report({"accuracy": accuracy, "budget": KEPT**rung, "failed": found.failed})
            if found.failed:
                return

    tuner = tune.Tuner(
        train,
        param_space={"trial": tune.grid_search(list(range(len(trials))))},
        tune_config=tune.TuneConfig(
            scheduler=schedulers.AsyncHyperBandScheduler(
                "budget", "accuracy", "max", max_t=KEPT**last, grace_period=1, reduction_factor=KEPT
            )
        ),
        run_config=tune.RunConfig(storage_path=str(mirror.beside(placed[0].run) / "ray"), verbose=0),
    )
    done = []
    with redirect_stdout(sys.stderr):  # Ray prints there, and stdout is the caller's
        results = tuner.fit()
    for found in results:
        trial = trials[found.config["trial"]]
        failed = str(found.error or (found.metrics or {}).get("failed", ""))
        begun = not failed and Run(mirror.local(trial.run)).rows()
        done.append(standing(trial, n, 0) if begun else Trial(trial.name, trial.settings, failed=failed or "not begun", run=trial.run))
        say(told(done[-1]))
    return done


def _for_all(run: str) -> str:
    """The place of a run as processes in other folders know it."""
    return run if is_address(run) else str(Path(run).resolve())
