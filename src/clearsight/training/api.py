"""`train` and `resume`: data and a recipe in, a run folder with a trained classifier out.

    recipe → resolve → load → build → fit(context, objective, freezing) → publish

Each value is made once and handed down; `resume` enters at load, and an ensemble is this road walked once per member.
"""

import dataclasses
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ..base.code import is_code, require_allowed
from ..base.compute.distributed import ProcessGroup, process_group
from ..base.errors import UsageError
from ..base.text.words import parse_bands
from ..datasets.dataset import Parts
from ..datasets.manifest import apply_manifest
from ..datasets.split import align_parts
from ..datasets.survey import survey
from ..images.preprocess import Preprocessing
from ..recipes.compose import compose, require_own_code, scaling, unpacked
from ..recipes.recipe import Pretraining, Recipe, code_in, resuming
from ..runs import mirror
from ..runs.held_out import read as read_held_out
from ..runs.run import Run, free_folder, named_folder, open_run
from ..runs.splits import in_splits, known_pictures, training_images
from ..runs.trained import Trained
from ..weights.licence import inherited
from . import ensemble
from .blocks import settled
from .build import build, build_objective, initialise, load, within_budget
from .compute.training_model import parse as parse_speed
from .context import TrainingContext
from .doctor.diagnosis import Diagnosis, RangeTest
from .doctor.examine import before_long, examine
from .doctor.sample import SOLVED, STEPPED, sample
from .ensemble import join_runs
from .interrupt import Interrupted, Paused
from .objectives.distillation import require_same_origins
from .objectives.objective import Objective
from .objectives.own import Loss, per_picture
from .objectives.own import lend as lend_objective
from .pretrain import pretrain
from .pretrain import resume as resume_pretraining
from .publish import promise, publish
from .resolve import by_size, designed, resolve, told
from .session import has_begun, logger, restore, run_to_end, source_of, start_run
from .storage.loggers import require_installed
from .transfer import freezing
from .transfer.at_hand import start_at_hand
from .transfer.pretrained import Start
from .transfer.pretrained import read as read_start
from .transfer.readouts import choose_readout

# all that other folders use of training; tests/test_floors.py holds them to it
__all__ = [
    "Diagnosis",
    "Interrupted",
    "Loss",
    "Objective",
    "Paused",
    "RangeTest",
    "designed",
    "doctor",
    "join_runs",
    "lend_objective",
    "logger",
    "per_picture",
    "pretrain",
    "resume",
    "resume_pretraining",
    "train",
]


def train(
    data: Any,
    *,
    out: str = "",
    runs: str = "runs",
    quiet: bool = False,
    allow_code: bool = False,
    doctor: bool = True,
    or_resume: bool = False,
    until: int = 0,
    **settings: Any,
) -> Trained | None:
    """Train on `data` (anything that `open_dataset` takes) by a recipe (`settings` are the fields of `Recipe`).

    `recipe` may be the name of a built-in recipe, the path of a .toml file, or a `Recipe`. `out` is the run folder, a bare name goes
    under `runs`; left out, it is `runs/<data>-<model>`. `allow_code` lets a recipe file name code (`@module:name`); code in `settings`
    is the caller's own. `doctor`: quick checks before a training of more than ten minutes, unless it is `quiet`. `or_resume`: if the run
    in `out` has begun, it is resumed. `until`: raise Paused after this epoch, where it is not the last. Returns None in the processes of a
    group other than the first. Raises ClearsightError.
    """
    settings, since = unpacked(settings), time.monotonic()
    first = compose(settings, at_hand=True)
    require_own_code(settings, allow_code)
    require_installed(first.loggers)
    with process_group() as group:
        if or_resume and has_begun(out, runs, settings, group):
            return resume(named_folder(out, runs), data=data, quiet=quiet, allow_code=allow_code)
        if first.ensemble > 1:
            return ensemble.train_all(
                data, first, settings, out=out, runs=runs, quiet=quiet, train=partial(train, doctor=doctor), resume=resume
            )
        log = logger(quiet or not group.is_main)
        if out and group.is_main:
            free_folder(out, runs)  # before the data are read, which may take minutes

        recipe, splits, start = _resolved(data, first, settings, group, quiet, log)
        with open_run(out, runs, splits.name, recipe.model) if group.is_main else Run(Path()) as run:
            log(run.note)
            context, objective = _put_together(recipe, splits, start, group, quiet, log)
            if doctor and not quiet:
                before_long(context, objective, run.folder, log)

            # Fit and publish. Pretrained weights and the user's code may be gone when it is resumed, so a first checkpoint keeps them.
            start_run(run, context, data, settings, keep=start is not None or is_code(recipe.model))
            run_to_end(context, objective, run, resuming("train", mirror.named(run.folder), context.recipe), since, until)
            return publish(context, run)


def doctor(data: Any, *, runs: str = "runs", quiet: bool = False, allow_code: bool = False, **settings: Any) -> Diagnosis:
    """Check the training that `train` would do with the same arguments, in about a minute, without a run folder.

    Of large sets a sample of the pictures is loaded. Raises ClearsightError, as `train` does for a recipe that cannot be built.
    """
    settings = unpacked(settings)
    first = compose(settings, at_hand=True)
    require_own_code(settings, allow_code)
    with process_group() as group:
        if group.world > 1:
            raise UsageError("the doctor works in one process: start it without torchrun.")
        log = logger(quiet)
        recipe, splits, start = _resolved(data, first, settings, group, quiet, log)
        few = sample(splits, SOLVED if recipe.optimizer == "lbfgs" else STEPPED, recipe.carved_by)
        context, objective = _put_together(recipe, few, start, group, quiet, log)
        return examine(context, objective, splits, Path(runs))


def _resolved(
    data: Any, first: Recipe, settings: dict[str, Any], group: ProcessGroup, quiet: bool, log: Callable[[str], None]
) -> tuple[Recipe, Parts, Start | None]:
    """The data in splits, the pretrained network, and a recipe in which nothing is left open."""
    start = read_start(first, group)
    pictures = known_pictures(data, first, group, quiet=quiet)
    if not start:
        settings = start_at_hand(first, settings, pictures)
        first = compose(settings)
        start = read_start(first, group)
    splits = in_splits(pictures, first)
    learnt_from = training_images(first, splits)
    found = survey(learnt_from, parse_bands(first.bands))
    recipe = resolve(first, settings, learnt_from, start, found=found)
    if start and not recipe.readout:
        start.values(recipe, splits.classes)  # weights that do not fit are refused before a folder is made
    for note in (*splits.notes, *told(recipe, found)):
        log(note)
    if by_size(first, settings):
        log(freezing.describe(recipe, len(splits.parts["train"])))
    else:
        log(scaling(settings, recipe))
    return recipe, splits, start


def _put_together(
    recipe: Recipe, splits: Parts, start: Start | None, group: ProcessGroup, quiet: bool, log: Callable[[str], None]
) -> tuple[TrainingContext, Objective]:
    """Images, network with its initial weights, optimizer and objective of a resolved recipe."""
    loaded = load(recipe, splits, start.prepared(recipe) if start else None, quiet or not group.is_main)
    log(loaded.train.note)
    recipe, held_out, vectors = choose_readout(recipe, loaded, start, log, quiet or not group.is_main)
    recipe = settled(recipe, loaded.train)
    context = build(recipe, loaded, group, quiet, log)
    objective = build_objective(context, start)
    context.recipe = within_budget(context, objective)
    context.provenance = _provenance(objective, start)
    context.held_out, context.vectors = held_out, vectors
    if recipe.keep == "last" and len(context.val):
        log(promise(context))
    # Initial weights: the pretrained ones, or the network's own after a look at some images.
    if start:
        _begin_from(start, context)
    else:
        initialise(context)
    return context, objective


def _begin_from(start: Start, context: TrainingContext) -> None:
    """Give the network the pretrained weights."""
    recipe, classes = context.recipe, context.splits.classes
    context.log(start.describe(recipe, len(classes)))
    values = start.values(recipe, classes)
    context.state.model.load_state_dict(values, strict=False)
    if recipe.l2sp:
        context.state.start = freezing.reference_weights(context.state.model, values)


def _provenance(objective: Objective, start: Start | None) -> dict[str, str]:
    """The trained weights that a new run's weights, and its teacher's answers, come from, with the licences of both."""
    begun = start.facts if start else {}
    return {**objective.provenance, **begun, **inherited(objective.provenance, begun)}


def resume(folder: str | Path, *, data: Any = None, quiet: bool = False, allow_code: bool = False, until: int = 0) -> Trained | None:
    """Resume the run in `folder` from its newest whole checkpoint; the same weights, bit for bit, as without the stop.

    `data` is only needed where the run was started on arrays, or the data have moved; `allow_code` where its recipe names code;
    `until` is as for `train`.
    """
    run, since = Run(mirror.local(folder)), time.monotonic()
    recipe, metadata, table = run.reopen()
    if isinstance(recipe, Pretraining):
        raise UsageError(f"the run in {folder} learns without labels: clearsight pretrain --resume {folder}.")
    require_allowed(code_in(dataclasses.asdict(recipe)), run.folder / "recipe.toml", allow_code)
    source = source_of(folder, metadata, data)
    if recipe.ensemble > 1:
        return ensemble.resume_all(run, recipe, source, table, quiet, train=train, resume=resume)
    with process_group() as group, run.locked() if group.is_main else run as run:
        log = logger(quiet or not group.is_main)
        log(run.note)
        splits = apply_manifest(known_pictures(source, recipe, group, quiet=quiet), table)
        splits = align_parts(splits, metadata.get("classes", splits.classes))
        loaded = load(recipe, splits, Preprocessing.from_dict(metadata["preprocessing"]), quiet or not group.is_main)
        context = build(recipe, loaded, group, quiet, log, parse_speed(metadata["speed"]))
        objective = build_objective(context, read_start(recipe, group) if recipe.spread and recipe.spread_by == "features" else None)
        restore(context, run)
        context.held_out = read_held_out(run.folder)
        context.provenance = metadata.get("lineage", {})
        require_same_origins(objective.provenance, context.provenance)
        run_to_end(context, objective, run, resuming("train", mirror.named(run.folder), recipe), since, until)
        return publish(context, run)
