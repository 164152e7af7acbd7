"""`pretrain`: pictures in, a run folder with a classifier out whose features were learnt without a label.

Labels only judge: they solve the head of the artefact on features that never saw them, and a training that begins with these weights
makes its head anew. Where the pictures have none, the classes of the artefact are clusters of its features.
"""

import dataclasses
from pathlib import Path
from typing import Any, cast

import torch

from ..base.errors import UsageError
from ..datasets.dataset import Parts
from ..datasets.manifest import apply_manifest
from ..datasets.split import align_parts
from ..images.preprocess import Preprocessing
from ..models.base import Model
from . import resolve
from .api import Together, Trained, begin, carry_out, finish, go_on, speaker
from .build import assemble, initialise, pictures_of, within_budget
from .checkpoint import State
from .compute import Speed
from .compute import parse as parse_speed
from .distributed import Team
from .heads.linear_probe import solve_head
from .interrupt import Stop
from .loop import Job
from .objectives.simclr import Contrastive, SimCLR
from .objectives.two_views import views
from .optim.optimizer import SGD
from .probes import clusters, features
from .recipe import WITHOUT_LABELS, Pretraining, Recipe, code_in, compose, require_allowed, require_own_code, resuming
from .run import Run, free_folder, open_run
from .splits import divided, known_pictures

CLUSTERS = 10
TABLE = tuple(f"cluster {k}" for k in range(1, CLUSTERS + 1))  # the classes of pictures that have none
NETWORK = "swift-wider"  # for small pictures: what has no label to learn by heart makes use of more channels


def pretrain(
    data: Any, *, out: str = "", runs: str = "runs", quiet: bool = False, allow_code: bool = False, **settings: Any
) -> Trained | None:
    """Learn features from the training pictures of `data` without their labels (`settings` are the fields of `Pretraining`).

    `out` and what is returned are as those of `train`; of the artefact, the head is solved on the labels. Raises ClearsightError.
    """
    for name in settings:
        if name in WITHOUT_LABELS:
            raise UsageError(f"pretrain has no setting {name.removesuffix('_')!r}: it looks at no label.")
    given = {**settings, "recipe": _named(settings)}
    first = compose(given, kind=Pretraining)
    require_own_code(given, allow_code)
    with Together() as team:
        say = speaker(quiet or not team.leads)
        if out and team.leads:
            free_folder(out, runs)
        whole = _opened(data, first, team, quiet)
        parts = divided(whole, first, test=None if _labelled(whole) else 0.0)
        recipe = cast(Pretraining, resolve.settle({**given, "keep": "last"}, parts.parts["train"], kind=Pretraining, small=NETWORK))
        if first.augment == "auto":
            recipe = dataclasses.replace(recipe, augment=views(recipe.size, recipe.channels, parts.classes))
        for note in parts.notes:
            say(note)
        with open_run(out, runs, parts.name, f"{recipe.model}-simclr") if team.leads else Run(Path()) as run:
            say(run.note)
            job = _job(recipe, parts, team, quiet, None, None)
            say(f"two views of each picture: {recipe.augment}")
            job = dataclasses.replace(job, recipe=within_budget(job, say))
            initialise(job)
            begin(run, job, parts, data, keep=False)
            return _to_the_end(job, run, parts)


def resume(folder: str | Path, *, data: Any = None, quiet: bool = False, allow_code: bool = False) -> Trained | None:
    """Continue the run in `folder` where its newest whole checkpoint stands; `data` is only needed where they have moved."""
    run = Run(Path(folder))
    recipe, facts, table = run.reopen()
    if not isinstance(recipe, Pretraining):
        raise UsageError(f"the run in {folder} learns from labels: clearsight train --resume {folder}.")
    require_allowed(code_in(dataclasses.asdict(recipe)), run.folder / "recipe.toml", allow_code)
    source = data if data is not None else facts["data"]
    if not isinstance(source, tuple) and not source:
        raise UsageError(f"the run in {folder} was trained on arrays: resume it from Python with resume({str(folder)!r}, data=...).")
    with Together() as team, run.locked() if team.leads else run as run:
        speaker(quiet or not team.leads)(run.note)
        parts = apply_manifest(_opened(source, recipe, team, quiet), table)
        parts = align_parts(parts, facts.get("classes", parts.classes))
        job = _job(recipe, parts, team, quiet, Preprocessing.from_dict(facts["preprocessing"]), parse_speed(facts["speed"]))
        go_on(job, run, job.say)
        return _to_the_end(job, run, parts)


def _opened(data: Any, recipe: Recipe, team: Team, quiet: bool) -> Parts:
    """The data, with a table of clusters to be found where they have no classes."""
    parts = known_pictures(data, recipe, team, quiet=quiet, labelled=False)
    if len(parts.classes) > 1:
        return parts
    if (n := min(map(len, parts.parts.values()))) < CLUSTERS:
        raise UsageError(f"features without labels need at least {CLUSTERS} pictures. {parts.name} has {n}.")
    made = {part: dataclasses.replace(dataset, classes=TABLE) for part, dataset in parts.parts.items()}
    note = f"no labels: the artefact's classes will be {CLUSTERS} clusters of its features"
    return Parts(parts.name, TABLE, made, (*parts.notes, note))


def _labelled(parts: Parts) -> bool:
    return parts.classes != TABLE


def _named(settings: dict[str, Any]) -> str:
    name = settings.get("recipe", "auto")
    return "simclr" if name == "auto" else str(name)


def _job(recipe: Pretraining, parts: Parts, team: Team, quiet: bool, known: Preprocessing | None, speed: Speed | None) -> Job:
    say = speaker(quiet or not team.leads)
    if recipe.optimizer == "lbfgs":
        raise UsageError("--optimizer lbfgs solves a head on labels: pretrain needs sgd, adamw, lars or muon.")
    pictures, val, preprocessing = pictures_of(recipe, parts, known, quiet or not team.leads)
    say(pictures.note)

    def wrap(network: Model) -> Contrastive:
        return Contrastive(network, recipe.projection, recipe.seed)

    job = assemble(recipe, parts, pictures, val, preprocessing, team, quiet, say, speed, wrap)
    return dataclasses.replace(job, task=SimCLR(recipe.temperature, _labelled(parts)))


def _to_the_end(job: Job, run: Run, parts: Parts) -> Trained | None:
    """Train, then solve the head of the network on all training labels, or on clusters, and write the artefact."""
    again = resuming("pretrain", run.folder, job.recipe)
    carry_out(job, run, again)
    wrapped, counters = cast(Contrastive, job.state.model), job.state.counters
    wrapped.load_state_dict(job.state.kept)
    lineage = {"pretrained": "simclr"}
    if _labelled(parts):
        lineage["knn_accuracy"] = f"{counters.rows[-1]['knn_accuracy']:.4f}"
        job.say("now the head, on all labels, which the features never saw")
    else:
        parts = _clustered(job, parts)
        lineage["classes"] = f"{CLUSTERS} clusters of the features, not labels"
        job.say(f"now the head, which tells {CLUSTERS} clusters of the features apart")
    for p in wrapped.network.head.parameters():
        p.requires_grad_(True)
    state = State(wrapped.network, SGD([]))
    solving = dataclasses.replace(job.recipe, optimizer="lbfgs", epochs=12, patience=2, keep="best")
    judged = dataclasses.replace(job, recipe=solving, state=state, task=None)
    solve_head(judged, again)
    decided = ["l2"] if len(state.counters.rows) > 1 else []  # of the head; the features are those of the last epoch
    state.counters = counters
    whole = dataclasses.replace(judged, recipe=dataclasses.replace(job.recipe, keep="best"), lineage=lineage)
    return finish(whole, run, parts, decided)


def _clustered(job: Job, parts: Parts) -> Parts:
    """The parts, and the job's pictures, with their clusters as labels."""
    with Stop() as stop:
        known, asked = (features(job, pictures, torch.arange(len(pictures)), None, stop) for pictures in (job.train, job.val))
    job.train.labels, job.val.labels = clusters(known, asked, CLUSTERS, job.recipe.seed)
    made = {
        part: dataclasses.replace(parts.parts[part], labels=pictures.labels.numpy())
        for part, pictures in (("train", job.train), ("val", job.val))
    }
    return dataclasses.replace(parts, parts=parts.parts | made)
