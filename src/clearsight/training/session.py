"""A run from its first file to its last checkpoint: `start_run`, `restore`, `run_to_end`."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from textwrap import fill
from typing import Any

from .. import __version__
from ..base.compute.device import hardware
from ..base.compute.distributed import ProcessGroup
from ..base.errors import ClearsightError, UsageError, listed
from ..base.remote.address import is_address
from ..base.remote.store import StoreError
from ..classifier.learnt import write_ancestors
from ..datasets.dataset import Parts
from ..datasets.manifest import manifest
from ..datasets.named import is_named, lasting_name
from ..recipes.recipe import Settings
from ..runs import mirror
from ..runs.run import Run, RunFacts, named_folder
from ..runs.splits import ancestors
from .build import initialise
from .context import TrainingContext
from .interrupt import Interrupted, Stop
from .loop import fit
from .objectives.objective import Objective
from .storage import checkpoint
from .storage.live import Live
from .storage.tensorboard import write_events
from .transfer import linear_probe
from .transfer.challenge import challenge
from .transfer.freezing import Freezing
from .validation.selection import FEW
from .validation.watch import watch

COLUMNS = 80  # of a terminal
MEASURED = ("robust", "linear", "knn")  # further accuracies that some objectives measure


def logger(quiet: bool) -> Callable[[str], None]:
    """A function that writes text to stderr, its lines broken at words on a terminal, or nothing."""
    width = shutil.get_terminal_size().columns if sys.stderr.isatty() else 0

    def log(text: str) -> None:
        if quiet or not text:
            return
        for line in text.splitlines():
            print(fill(line, width, subsequent_indent="  ", break_on_hyphens=False) if width else line, file=sys.stderr, flush=True)

    return log


def described(splits: Parts, source: Any) -> RunFacts:
    """The data, hardware and version of a new run, for `run.json`."""
    return {
        "data": _lasting(source) if isinstance(source, (str, Path)) else "",
        "name": splits.name,
        "classes": list(splits.classes),
        "clearsight": __version__,
        "hardware": hardware(),
    }


def _lasting(source: str | Path) -> str:
    """The data's name or path, meaning the same in every working directory."""
    if is_named(source):
        return lasting_name(str(source))
    return str(Path(source).resolve()) if Path(source).exists() else str(source)


def source_of(folder: str | Path, metadata: RunFacts, data: Any) -> Any:
    """The data of a run that is resumed: `data` if given, else what `run.json` names; raises UsageError for a run on arrays."""
    source = data if data is not None else metadata["data"]
    if not isinstance(source, tuple) and not source:
        raise UsageError(f"the run in {folder} was trained on arrays: resume it from Python with resume({str(folder)!r}, data=...).")
    return source


def has_begun(out: str, runs: str, asked: Settings, group: ProcessGroup) -> bool:
    """Whether the run `out` has begun, so that the same command continues it; of several processes the first one looks.

    Raises UsageError without `out`, and for a run that was begun with other settings than those `asked` for now.
    """
    if not out:
        raise UsageError("a training that begins or continues needs the name of its folder, which both have: say it with --out (out=).")
    run = Run(mirror.local(out) if is_address(out) else named_folder(out, runs))
    if not group.broadcast(int(group.is_main and run.begun)):
        return False
    before = run.divided()[0].get("asked", asked)  # runs of before 0.3 do not store it
    others = [
        f"{name} was {before.get(name)!r}, is {asked.get(name)!r}" for name in {**before, **asked} if before.get(name) != asked.get(name)
    ]
    if others:
        raise UsageError(f"{run.folder} was begun with other settings ({listed(others, 4)}): repeat those, or name another --out (out=).")
    return True


def start_run(run: Run, context: TrainingContext, source: Any, asked: Settings, *, keep: bool) -> None:
    """Write what a resume needs, and the settings `asked` for; with `keep` a checkpoint too: the recipe has not the initial weights."""
    if not context.group.is_main:
        return
    metadata: RunFacts = {
        **described(context.splits, source),
        "preprocessing": context.preprocessing.to_dict(),
        "speed": context.speed.words,
        "lineage": dict(context.provenance),
        "asked": asked,
    }
    past = write_ancestors(ancestors(context.recipe))
    save = partial(checkpoint.save, context.state, run.checkpoints)
    if context.held_out:
        context.held_out.save(run.folder)
    run.begin(context.recipe, metadata, manifest(context.splits), past, save if keep else None)
    mirror.send(run.folder)


def restore(context: TrainingContext, run: Run) -> None:
    """Fill the state from the newest whole checkpoint, remove what a kill left, and make sure that all processes resume there."""
    found, skipped = checkpoint.checkpoints(run.checkpoints), []
    if found or context.recipe.from_:
        skipped = checkpoint.restore(context.state, run.checkpoints)
        for line in skipped:
            context.log(line)
    else:
        initialise(context)
    counters, group = context.state.counters, context.group
    place = f"epoch {counters.epoch + 1}, step {counters.step + 1}" if counters.epoch < context.recipe.epochs else "its end"
    if (group.broadcast(counters.epoch), group.broadcast(counters.step)) != (counters.epoch, counters.step):
        raise ClearsightError(f"process {group.rank} resumes at {place}, the first elsewhere: {run.folder} must be on a disk they share.")
    if found:
        context.log(f"resumed {run.folder} at {place}")
    if group.is_main:
        run.sweep()
        run.forget_error()
        if found and not skipped:
            checkpoint.prune(run.checkpoints, found[0])


def run_to_end(context: TrainingContext, objective: Objective, run: Run, again: str, since: float = 0.0, until: int = 0) -> None:
    """Train to the end, with a row, a checkpoint and a line per epoch; Interrupted names `again`, the command that resumes.

    Raises Paused after epoch `until`, where that is not the last.

    What a challenge of the solved head may take is counted `since` then, a `time.monotonic`.
    The recipe's loggers get the rows, and here only an end before its time: the result is known later.
    """
    counters, stop = context.state.counters, Stop()

    def save() -> None:
        if context.group.is_main:
            checkpoint.save(context.state, run.checkpoints)
            try:
                mirror.send(run.folder)
            except StoreError as error:  # what has been trained is on the disk; the next checkpoint tries again
                context.log(f"warning: {error}")

    def on_epoch() -> None:
        if context.group.is_main:
            run.write_rows(counters.rows)
            write_events(run.events, counters.rows[-1])
            if context.recipe.optimizer != "lbfgs":
                watch(context, run.folder)
            context.loggers.row(counters.rows[-1])
            context.log(_line(context, counters.rows[-1]))
        stop.pausing = 0 < until <= counters.epoch < context.recipe.epochs and context.recipe.optimizer != "lbfgs"

    context.group.limit(context.recipe.timeout_minutes)  # so far the others have waited while the first read pictures and weights
    context.loggers.begin(run.folder, asdict(context.recipe))
    context.live = Live(run.folder if context.group.is_main else None)
    try:
        with stop:
            if context.recipe.tune == "head-then-all" and (counters.epoch, counters.step) == (0, 0):
                linear_probe.solve_first(context, on_epoch, stop)
            if context.recipe.optimizer == "lbfgs":
                linear_probe.fit(context, save, on_epoch, stop)
                _challenged(context, run, since, stop)
            else:
                fit(context, objective, Freezing(context.recipe), save, on_epoch, stop)
    except BaseException as error:
        context.loggers.end({})
        if isinstance(error, Interrupted):
            raise Interrupted(error.number, again if context.group.is_main else "") from None
        raise
    finally:
        context.live.close()


def _challenged(context: TrainingContext, run: Run, since: float, stop: Stop) -> None:
    """Challenge the solved head where the recipe asks for it, and keep what was found.

    Where it is interrupted the head is in the checkpoint, and a resumed run challenges it from the start.
    """
    found = challenge(context, since, stop)
    if found is None or not context.group.is_main:
        return
    context.tuning = found
    context.log(found["says"])
    run.add_fact("tuning", found)
    if found["kept"] == "tuned" and context.held_out:
        context.held_out.save(run.folder)


def _line(context: TrainingContext, row: dict[str, float]) -> str:
    """The log line of an epoch, in 80 columns: the speed, which the progress bar shows too, is left out where there is no room."""
    word = "best" if len(context.val) >= FEW else "kept"  # with few images the last of those that are no worse
    alone = "l2" in row and word == "kept"  # one strength, which cross-validation has chosen
    chosen = context.state.counters.best_epoch == row["epoch"] and context.recipe.keep != "last" and not alone
    best = f"  {'best' if 'l2' in row else word}" if chosen else ""
    more = "".join(f"  {name} {row[f'{name}_accuracy']:.2%}" for name in MEASURED if f"{name}_accuracy" in row)
    loss, accuracy = _judged(row, "val" if len(context.val) else "held-out")  # the latter: out of fold
    place = f"epoch {row['epoch']}/{context.recipe.epochs}" if row["epoch"] else "solved head"
    place = f"l2 {row['l2']:.1e} ({row['evaluations']} steps)" if "l2" in row else place
    line = f"{place}  loss {row['loss']:.4f}{loss}  top-1 {row['accuracy']:.2%}{accuracy}{more}"
    speed = f"  {row['pictures_per_second']:,.0f}/s"
    return f"{line}{speed if len(line + speed + best) <= COLUMNS else ''}{best}"


def _judged(row: dict[str, float], by: str) -> tuple[str, str]:
    """The validation loss and accuracy of an epoch in brackets, empty without them."""
    return (f" ({by} {row['val_loss']:.4f})", f" ({by} {row['val_accuracy']:.2%})") if "val_loss" in row else ("", "")
