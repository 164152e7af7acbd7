"""`train` and `resume`: data and a recipe in, a run folder with a trained classifier out."""

import dataclasses
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import torch

from .. import __version__
from ..base.code import is_code
from ..base.device import hardware
from ..base.errors import ClearsightError, LostProcess, UsageError
from ..base.result import Result
from ..classifier import Classifier, validation
from ..classifier import save as save_artefact
from ..classifier.learnt import write_ancestors
from ..datasets.dataset import Dataset, Parts
from ..datasets.manifest import apply_manifest, manifest
from ..datasets.split import align_parts, with_labels
from ..images.decode import decode
from ..images.preprocess import Preprocessing
from ..metrics.accuracy import ranks
from ..metrics.calibration import fit_temperature
from ..weights.licence import inherited
from . import checkpoint, resolve
from .build import assemble, initialise, pictures_of, within_budget
from .compute import Speed
from .compute import parse as parse_speed
from .distributed import Team, join_team, leave_team, lost
from .heads import linear_probe
from .interrupt import Interrupted, Stop
from .loop import Job, fit, validate
from .objectives.semi import everything, same_teacher, set_task
from .recipe import Pretraining, Recipe, code_in, compose, require_allowed, require_own_code, resuming
from .run import Run, free_folder, open_run
from .selection import FEW
from .splits import ancestors, divided, known_pictures
from .tensorboard import write_events
from .transfer import freezing
from .transfer.pretrained import Start
from .transfer.pretrained import read as read_start

GOLDEN = 8
MEASURED = ("robust", "linear", "knn")  # accuracies that an epoch of some kinds of training has beside that of validation


@dataclass(frozen=True)
class Trained(Result):
    """A finished training: the `run` folder, the `classifier` in it, its accuracy on `validation`, and the `parts` of the data."""

    run: Path
    classifier: Classifier
    parameters: int
    epochs: int
    seconds: float
    pictures_per_second: float
    validation: dict[str, Any]
    parts: Parts

    def to_json(self) -> dict[str, Any]:
        """The JSON of `clearsight train --json`."""
        return {
            "run": str(self.run),
            "model": self.classifier.architecture,
            "parameters": self.parameters,
            "epochs": self.epochs,
            "seconds": self.seconds,
            "pictures_per_second": self.pictures_per_second,
            "validation": self.validation,
            **({"ensemble": self.classifier.facts["ensemble"]} if "ensemble" in self.classifier.facts else {}),
        }


def train(
    data: Any, *, out: str = "", runs: str = "runs", quiet: bool = False, allow_code: bool = False, **settings: Any
) -> Trained | None:
    """Train on `data` (whatever `open_dataset` takes) by a recipe (`settings` are the fields of `Recipe`).

    `out` is the run folder, a bare name goes under `runs`; left out, it is `runs/<data>-<model>`. `allow_code` lets a recipe file name
    code (`@module:name`); what stands in `settings` is the caller's own. Returns None in the processes of a team other than the first.
    Raises ClearsightError.
    """
    first = compose(settings)
    require_own_code(settings, allow_code)
    if first.ensemble > 1:
        from .ensemble import train_all  # whose members are trained by `train`

        return train_all(data, out, runs, quiet, settings)
    with Together() as team:
        say = speaker(quiet or not team.leads)
        if out and team.leads:
            free_folder(out, runs)  # before the data are read, which may take minutes
        recipe, parts, start = settled(data, settings, team, quiet)
        values = start.values(recipe, parts.classes) if start else {}
        for note in parts.notes:
            say(note)
        if resolve.by_size(first, settings):
            say(freezing.said(recipe, len(parts.parts["train"])))
        with open_run(out, runs, parts.name, recipe.model) if team.leads else Run(Path()) as run:
            say(run.note)
            return _new_run(run, recipe, start, values, parts, data, team, quiet, say)


def settled(data: Any, settings: dict[str, Any], team: Team, quiet: bool = False) -> tuple[Recipe, Parts, Start | None]:
    """The recipe without open questions, the data in parts, and the weights to start from."""
    first = compose(settings)
    start = read_start(first, team)
    parts = divided(known_pictures(data, first, team, quiet=quiet), first)
    if first.labels:
        parts = with_labels(parts, first.labels, first.carved_by)
    return resolve.settle(settings, everything(first, parts), start), parts, start


def _new_run(
    run: Run,
    recipe: Recipe,
    start: Start | None,
    values: dict[str, torch.Tensor],
    parts: Parts,
    data: Any,
    team: Team,
    quiet: bool,
    say: Callable[[str], None],
) -> Trained | None:
    known = start.prepared(recipe) if start else None
    pictures, val, preprocessing = pictures_of(recipe, parts, known, quiet or not team.leads)
    say(pictures.note)
    job = set_task(assemble(recipe, parts, pictures, val, preprocessing, team, quiet, say, None), parts, start)
    job = dataclasses.replace(job, recipe=within_budget(job, say), lineage=_lineage(job, start))
    if recipe.keep == "last":
        say(_promise(job, parts))
    if start:
        say(start.said(recipe, len(parts.classes)))
        job.state.model.load_state_dict(values, strict=False)
        if recipe.l2sp:
            job.state.start = freezing.starts(job.state.model, values)
    else:
        initialise(job)
    begin(run, job, parts, data, keep=start is not None or is_code(recipe.model))  # what it starts from may be gone when it is resumed
    carry_out(job, run, resuming("train", run.folder, job.recipe))
    return finish(job, run, parts)


def begin(run: Run, job: Job, parts: Parts, data: Any, *, keep: bool) -> None:
    """Write what a resume needs to know; with `keep` a checkpoint too, where the first weights do not follow from the recipe."""
    if not job.team.leads:
        return
    facts = {
        **origin(parts, data),
        "preprocessing": job.preprocessing.to_dict(),
        "speed": job.speed.words,
        "lineage": job.lineage,
    }
    past = write_ancestors(ancestors(job.recipe))
    run.begin(job.recipe, facts, manifest(parts), past, partial(checkpoint.save, job.state, run.checkpoints) if keep else None)


def _lineage(job: Job, start: Start | None) -> dict[str, str]:
    """What a new run's weights, and its teacher's answers, come from, with the licences of both."""
    begun = start.facts if start else {}
    return {**job.lineage, **begun, **inherited(job.lineage, begun)}


def origin(parts: Parts, data: Any) -> dict[str, Any]:
    """Where and on what a run was begun."""
    source = str(Path(data).resolve()) if isinstance(data, (str, Path)) and Path(data).exists() else str(data)
    return {
        "data": source if isinstance(data, (str, Path)) else "",
        "name": parts.name,
        "classes": list(parts.classes),
        "clearsight": __version__,
        "hardware": hardware(),
    }


def resume(folder: str | Path, *, data: Any = None, quiet: bool = False, allow_code: bool = False) -> Trained | None:
    """Continue the run in `folder` where its newest whole checkpoint stands; the same weights, bit for bit, as without the stop.

    `data` is only needed where the run was started on arrays, or the data have moved; `allow_code` where its recipe names code.
    """
    run = Run(Path(folder))
    recipe, facts, table = run.reopen()
    if isinstance(recipe, Pretraining):
        raise UsageError(f"the run in {folder} learns without labels: clearsight pretrain --resume {folder}.")
    require_allowed(code_in(dataclasses.asdict(recipe)), run.folder / "recipe.toml", allow_code)
    source = data if data is not None else facts["data"]
    if not isinstance(source, tuple) and not source:
        raise UsageError(f"the run in {folder} was trained on arrays: resume it from Python with resume({str(folder)!r}, data=...).")
    if recipe.ensemble > 1:
        from .ensemble import resume_all

        return resume_all(run, recipe, source, table, quiet)
    with Together() as team, run.locked() if team.leads else run as run:
        say = speaker(quiet or not team.leads)
        say(run.note)
        parts = apply_manifest(known_pictures(source, recipe, team, quiet=quiet), table)
        parts = align_parts(parts, facts.get("classes", parts.classes))
        preprocessing = Preprocessing.from_dict(facts["preprocessing"])
        pictures, val, preprocessing = pictures_of(recipe, parts, preprocessing, quiet or not team.leads)
        job = assemble(recipe, parts, pictures, val, preprocessing, team, quiet, say, parse_speed(facts["speed"]))
        job = set_task(job, parts, read_start(recipe, team) if recipe.spread and recipe.spread_by == "features" else None)
        go_on(job, run, say)
        job = dataclasses.replace(job, lineage=same_teacher(job, facts.get("lineage", {})))
        carry_out(job, run, resuming("train", run.folder, job.recipe))
        return finish(job, run, parts)


def go_on(job: Job, run: Run, say: Callable[[str], None]) -> None:
    """Fill the state from the newest whole checkpoint, tidy what a kill left, and make sure that all processes stand there."""
    found = checkpoint.checkpoints(run.checkpoints)
    if found or job.recipe.from_:
        skipped = checkpoint.restore(job.state, run.checkpoints)
        for line in skipped:
            say(line)
    else:
        initialise(job)
    counters = job.state.counters
    place = f"epoch {counters.epoch + 1}, step {counters.step + 1}" if counters.epoch < job.recipe.epochs else "its end"
    if (job.team.agreed(counters.epoch), job.team.agreed(counters.step)) != (counters.epoch, counters.step):
        raise ClearsightError(
            f"process {job.team.rank} goes on at {place}, the first elsewhere: {run.folder} must be on a disk they share."
        )
    if found:
        say(f"resumed {run.folder} at {place}")
    if job.team.leads:
        run.sweep()
        if found and not skipped:
            checkpoint.prune(run.checkpoints, found[0])


def carry_out(job: Job, run: Run, again: str) -> None:
    """Train to the end, with a row, a checkpoint and a line for each epoch; Interrupted names `again`, the command that goes on."""
    counters = job.state.counters

    def save() -> None:
        if job.team.leads:
            checkpoint.save(job.state, run.checkpoints)

    def on_epoch() -> None:
        if not job.team.leads:
            return
        run.write_rows(counters.rows)
        row = counters.rows[-1]
        write_events(run.events, row)
        word = "best" if len(job.val) >= FEW else "kept"  # with few pictures the last of those that are no worse
        best = f" · {word} so far" if counters.best_epoch == row["epoch"] and job.recipe.keep != "last" else ""
        more = "".join(f"  {name} {row[f'{name}_accuracy']:.2%}" for name in MEASURED if f"{name}_accuracy" in row)
        place = f"l2 {row['l2']:.1e} ({row['evaluations']} evaluations)" if "l2" in row else f"epoch {row['epoch']}/{job.recipe.epochs}"
        job.say(
            f"{place}  loss {row['loss']:.4f}  accuracy {row['accuracy']:.2%}  "
            f"val loss {row['val_loss']:.4f}  val accuracy {row['val_accuracy']:.2%}{more}  "
            f"{row['pictures_per_second']:,.0f} pictures/s{best}"
        )

    try:
        with Stop() as stop:
            if job.recipe.tune == "head-then-all" and (counters.epoch, counters.step) == (0, 0):
                linear_probe.solve_first(job, stop)
            (linear_probe.fit if job.recipe.optimizer == "lbfgs" else fit)(job, save, on_epoch, stop)
    except Interrupted as stopped:
        raise Interrupted(stopped.number, again if job.team.leads else "") from None


def finish(job: Job, run: Run, parts: Parts, decided: Sequence[str] | None = None) -> Trained | None:
    """Fit the temperature of the kept weights on validation, unless that is to decide nothing, and write the artefact.

    `decided` is what validation has decided of the weights (None: what the job's recipe says).
    """
    recipe, counters, model = job.recipe, job.state.counters, job.state.model
    model.load_state_dict(job.state.kept)
    exact = Speed(channels_last=job.speed.channels_last)  # what is reported, and the temperature, are float32's
    logits, labels = validate(job, None, views=recipe.views, speed=exact), job.val.labels
    if not job.team.leads:
        return None
    temperature = 1.0 if recipe.keep == "last" else fit_temperature(logits, labels)
    n, right = len(labels), int((ranks(logits, labels) == 0).sum())
    chosen = list(_decided(job, parts) if decided is None else decided)
    judged = validation.judged(right, n, chosen + ["temperature"] * (temperature != 1))
    rate = counters.pictures / max(counters.seconds, 1e-9)
    parameters = sum(p.numel() for p in model.parameters())
    facts = {
        "data": parts.name,
        "recipe": recipe.recipe,
        "seed": recipe.seed,
        "epochs": counters.epoch,
        "best_epoch": counters.best_epoch,
        **({"soup": counters.souped} if counters.souped else {}),
        "training_pictures": len(job.train),
        "seconds": round(counters.seconds, 1),
        "speed": job.speed.words,
        "clearsight": __version__,
        "validation": judged,
        **job.lineage,
    }
    classifier = Classifier(
        model, job.preprocessing, parts.classes, temperature=temperature, architecture=recipe.model, views=recipe.views, facts=facts
    )
    save_artefact(classifier, run.folder, golden(parts.parts["val"], recipe.channels))
    kept = f"soup of {counters.souped} epochs" if counters.souped else f"epoch {counters.best_epoch or '0, the solved head,'}"
    job.say(f"{kept} kept: validation accuracy {validation.worded(judged)}")
    return Trained(run.folder, classifier, parameters, counters.epoch, round(counters.seconds, 3), round(rate, 1), judged, parts)


def _promise(job: Job, parts: Parts) -> str:
    """What `keep last` means for the labels of validation, which may have decided something before this training."""
    told = f"the last epoch is kept: the {len(job.val):,} labels of validation measure and decide nothing"
    before = _decided(job, parts)
    return f"{told} here, but {validation.said(before).removeprefix('these pictures ')}" if before else told


def _decided(job: Job, parts: Parts) -> list[str]:
    """What validation has decided of the weights that are kept, as `classifier.validation` names it."""
    recipe, rows = job.recipe, job.state.counters.rows
    before = [name for name in ("start", "teacher") if job.lineage.get(f"{name}_chosen_by_validation_of") == parts.name]
    if recipe.keep == "last":
        return before
    if recipe.optimizer == "lbfgs":
        return [*before, *(["l2"] if len(rows) > 1 else [])]
    solved = recipe.tune == "head-then-all"
    found = {
        "epoch": len(rows) > 1 or solved,
        "l2": solved and not recipe.l2 and len(job.val) >= FEW,
        "soup": recipe.soup > 0,
        "learning rate": recipe.schedule == "plateau" and len(rows) > 1,
        "length": recipe.patience > 0 and len(rows) > 1,
    }
    return [*before, *(name for name, true in found.items() if true)]


def golden(val: Dataset, channels: int) -> list[np.ndarray]:
    """Some pictures to be kept with the classifier."""
    chosen = np.linspace(0, len(val) - 1, min(GOLDEN, len(val))).astype(int)
    return [decode(val.source(int(i)), channels=channels) for i in chosen]


def speaker(quiet: bool) -> Callable[[str], None]:
    """What says a line on stderr, or nothing."""

    def say(line: str) -> None:
        if not quiet and line:
            print(line, file=sys.stderr, flush=True)

    return say


class Together:
    """Joins the team and leaves it, whatever happens in between; raises LostProcess when another process is gone."""

    def __enter__(self) -> Team:
        return join_team()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if lost(error):
            raise LostProcess(
                "another process of this training has ended or does not answer, so this one ends as well. "
                "What was saved is whole: start them all again with clearsight train --resume RUN."
            ) from error
        leave_team(trace)
