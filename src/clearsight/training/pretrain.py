"""`pretrain`: self-supervised training; images in, a run folder with a classifier out whose features were trained without labels.

It is `train` with another objective. Labels only fit the head of the artefact, after the features were trained; a training that starts
from these weights replaces that head. Without labels the classes of the artefact are clusters of its features.
"""

import dataclasses
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch

from ..base.code import require_allowed
from ..base.compute.distributed import ProcessGroup, process_group
from ..base.errors import UsageError
from ..datasets.dataset import Parts
from ..datasets.manifest import apply_manifest
from ..datasets.split import align_parts
from ..images.preprocess import Preprocessing
from ..models.base import Model
from ..recipes.compose import compose, require_own_code, unpacked
from ..recipes.recipe import WITHOUT_LABELS, Pretraining, Recipe, code_in, resuming
from ..runs import mirror
from ..runs.run import Run, free_folder, named_folder, open_run
from ..runs.splits import divided, known_pictures
from ..runs.trained import Trained
from . import order
from .blocks import settled
from .build import Loaded, build, initialise, load, within_budget
from .compute.training_model import parse as parse_speed
from .context import TrainingContext
from .interrupt import Stop
from .objectives.simclr import Contrastive, SimCLR, augmentation
from .optim.optimizer import SGD
from .publish import publish
from .resolve import resolve
from .session import has_begun, logger, restore, run_to_end, source_of, start_run
from .storage.checkpoint import State
from .transfer.linear_probe import solve_head
from .validation.probes import clusters, features

CLUSTERS = 10
TABLE = tuple(f"cluster {k}" for k in range(1, CLUSTERS + 1))  # the classes of images without labels
NETWORK = "swift-wider"  # for small images: without labels to memorise, more channels help


def pretrain(
    data: Any, *, out: str = "", runs: str = "runs", quiet: bool = False, allow_code: bool = False, or_resume: bool = False, **settings: Any
) -> Trained | None:
    """Learn features from the training pictures of `data` without their labels (`settings` are the fields of `Pretraining`).

    `out`, `recipe`, `or_resume` and the result are as for `train`; the artefact's head is fitted on the labels. Raises ClearsightError.
    """
    for name in settings:
        if name in WITHOUT_LABELS:
            raise UsageError(f"pretrain has no setting {name.removesuffix('_')!r}: it looks at no label.")
    settings = unpacked(settings)
    given = {**settings, "recipe": _named(settings)}
    first = compose(given, kind=Pretraining)
    require_own_code(given, allow_code)
    with process_group() as group:
        if or_resume and has_begun(out, runs, settings, group):
            return resume(named_folder(out, runs), data=data, quiet=quiet, allow_code=allow_code)
        log = logger(quiet or not group.is_main)
        if out and group.is_main:
            free_folder(out, runs)
        whole = _opened(data, first, group, quiet)
        splits = divided(whole, first, test=None if _labelled(whole) else 0.0)
        recipe = cast(Pretraining, resolve(first, {**given, "keep": "last"}, splits.parts["train"], small=NETWORK))
        if first.augment == "auto":
            recipe = dataclasses.replace(recipe, augment=augmentation(recipe.size, recipe.channels, splits.classes))
        for note in splits.notes:
            log(note)
        with open_run(out, runs, splits.name, f"{recipe.model}-simclr") if group.is_main else Run(Path()) as run:
            log(run.note)
            loaded = _loaded(recipe, splits, None, log, quiet or not group.is_main)
            recipe = cast(Pretraining, settled(recipe, loaded.train))
            context = build(recipe, loaded, group, quiet, log, wrap=partial(_wrapped, recipe))
            log(order.described(context))
            objective = SimCLR(recipe.temperature, _labelled(splits))
            log(f"two views of each picture: {recipe.augment}")
            context.recipe = within_budget(context, objective)
            initialise(context)
            start_run(run, context, data, settings, keep=False)
            return _to_the_end(context, objective, run)


def resume(folder: str | Path, *, data: Any = None, quiet: bool = False, allow_code: bool = False) -> Trained | None:
    """Resume the run in `folder` from its newest whole checkpoint; `data` is only needed where they have moved."""
    run = Run(mirror.local(folder))
    recipe, metadata, table = run.reopen()
    if not isinstance(recipe, Pretraining):
        raise UsageError(f"the run in {folder} learns from labels: clearsight train --resume {folder}.")
    require_allowed(code_in(dataclasses.asdict(recipe)), run.folder / "recipe.toml", allow_code)
    source = source_of(folder, metadata, data)
    with process_group() as group, run.locked() if group.is_main else run as run:
        log = logger(quiet or not group.is_main)
        log(run.note)
        splits = apply_manifest(_opened(source, recipe, group, quiet), table)
        splits = align_parts(splits, metadata.get("classes", splits.classes))
        loaded = _loaded(recipe, splits, Preprocessing.from_dict(metadata["preprocessing"]), log, quiet or not group.is_main)
        context = build(recipe, loaded, group, quiet, log, parse_speed(metadata["speed"]), partial(_wrapped, recipe))
        restore(context, run)
        return _to_the_end(context, SimCLR(recipe.temperature, _labelled(splits)), run)


def _opened(data: Any, recipe: Recipe, group: ProcessGroup, quiet: bool) -> Parts:
    """The data, with a table of clusters to be found where they have no classes."""
    parts = known_pictures(data, recipe, group, quiet=quiet, labelled=False)
    if len(parts.classes) > 1:
        return parts
    if (n := min(map(len, parts.parts.values()))) < CLUSTERS:
        raise UsageError(f"features without labels need at least {CLUSTERS} pictures. {parts.name} has {n}.")
    made = {part: dataclasses.replace(dataset, classes=TABLE) for part, dataset in parts.parts.items()}
    note = f"no labels: the artefact's classes will be {CLUSTERS} clusters of its features"
    return Parts(parts.name, TABLE, made, (*parts.notes, note))


def _labelled(parts: Parts) -> bool:
    return parts.classes != TABLE


def _named(settings: Mapping[str, object]) -> str:
    name = settings.get("recipe", "auto")
    return "simclr" if name == "auto" else str(name)


def _loaded(recipe: Pretraining, splits: Parts, known: Preprocessing | None, log: Callable[[str], None], quiet: bool) -> Loaded:
    if recipe.optimizer == "lbfgs":
        raise UsageError("--optimizer lbfgs solves a head on labels: pretrain needs sgd, adam, adamw, lars or muon.")
    loaded = load(recipe, splits, known, quiet)
    log(loaded.train.note)
    return loaded


def _wrapped(recipe: Pretraining, network: Model) -> Contrastive:
    return Contrastive(network, recipe.projection, recipe.seed)


def _to_the_end(context: TrainingContext, objective: SimCLR, run: Run) -> Trained | None:
    """Train, then fit the head of the network on all training labels, or on clusters, and write the artefact."""
    again = resuming("pretrain", mirror.named(run.folder), context.recipe)
    run_to_end(context, objective, run, again)
    wrapped, counters = cast(Contrastive, context.state.model), context.state.counters
    wrapped.load_state_dict(context.state.kept)
    provenance = {"pretrained": "simclr"}
    if _labelled(context.splits):
        provenance["knn_accuracy"] = f"{counters.rows[-1]['knn_accuracy']:.4f}"
        context.log("now the head, on all labels, which the features never saw")
    else:
        context.splits = _clustered(context)
        provenance["classes"] = f"{CLUSTERS} clusters of the features, not labels"
        context.log(f"now the head, which tells {CLUSTERS} clusters of the features apart")
    for p in wrapped.network.head.parameters():
        p.requires_grad_(True)
    state = State(wrapped.network, SGD([]))
    recipe = dataclasses.replace(context.recipe, keep="best")
    fitting = dataclasses.replace(context, recipe=dataclasses.replace(recipe, optimizer="lbfgs", epochs=12, patience=2), state=state)
    solve_head(fitting, again)
    decided = ["l2"] if len(state.counters.rows) > 1 else []  # of the head; the features are those of the last epoch
    state.counters = counters
    return publish(dataclasses.replace(fitting, recipe=recipe, provenance=provenance), run, decided)


def _clustered(context: TrainingContext) -> Parts:
    """The splits, and the run's images, with their clusters as labels."""
    with Stop() as stop:
        known, asked = (features(context, images, torch.arange(len(images)), None, stop) for images in (context.train, context.val))
    context.train.labels, context.val.labels = clusters(known, asked, CLUSTERS, context.recipe.seed)
    splits = context.splits
    made = {
        name: dataclasses.replace(splits.parts[name], labels=images.labels.numpy())
        for name, images in (("train", context.train), ("val", context.val))
    }
    return dataclasses.replace(splits, parts=splits.parts | made)
