"""Ensembles: `--ensemble N` trains N networks by one recipe, each from a seed of its own on one split; `join_runs` joins existing ones.

Every member is an ordinary run in `members/`, so that an ensemble which was stopped goes on in the member where it stood.
"""

import dataclasses
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict, cast

from torch import Tensor

from ..base.compute.device import pick_device
from ..base.compute.distributed import ProcessGroup, process_group
from ..base.errors import UsageError
from ..base.files import inside, write_json
from ..classifier import Classifier, ensemble, validation
from ..classifier import load as load_artefact
from ..classifier import save as save_artefact
from ..classifier.artefact import stacked
from ..classifier.config import CONFIG
from ..classifier.learnt import learnt, merged, write_ancestors
from ..classifier.predict import logits
from ..classifier.stamp import computed_by, judged_on
from ..datasets.dataset import Parts
from ..datasets.loader import load
from ..datasets.manifest import apply_manifest, manifest, read_manifest, write_manifest
from ..datasets.split import align
from ..metrics.accuracy import ranks
from ..metrics.calibration import fit_temperature
from ..metrics.intervals import Estimate, bounded, wilson
from ..recipes.recipe import Recipe, Settings, code_in, resuming
from ..runs import mirror
from ..runs.run import Run, RunFacts, free_folder, open_run
from ..runs.splits import ancestors, in_splits, known_pictures, training_images
from ..runs.trained import Trained
from ..weights.licence import inherited
from .interrupt import Interrupted
from .publish import golden_samples
from .resolve import resolve
from .session import described, logger
from .transfer.pretrained import read as read_start

FILE = "ensemble.json"
KS = (1, 5)
Train = Callable[..., "Trained | None"]
Resume = Callable[..., "Trained | None"]
STRICT = (
    "train",
    "unlabelled",
    "unused",
    "val",
    "test",
)  # the split of a picture in an ensemble: the first of these that it has in any member


Key = Literal["top1_error", "top5_error"]


class Errors(TypedDict):
    """The errors of a classifier; the top-5 error of more than 5 classes."""

    top1_error: Estimate
    top5_error: NotRequired[Estimate]


class MemberErrors(Errors):
    """The errors of the member in the folder `name`."""

    name: str


class Standing(TypedDict):
    """The errors on `n` pictures of each member, of one member on average, and of the ensemble: `ensemble.json`."""

    n: int
    part: str
    members: list[MemberErrors]
    mean: Errors
    ensemble: Errors


def train_all(data: Any, first: Recipe, settings: Settings, *, out: str, runs: str, quiet: bool, train: Train, resume: Resume) -> Trained:
    """Train the members of an ensemble one after the other by `train`, and join them; `first` is the recipe composed of `settings`."""
    with process_group() as group:
        if group.world > 1:
            raise UsageError("the members of an ensemble are trained one after the other: leave out --ensemble, or start without torchrun.")
        if out:
            free_folder(out, runs)
        start = read_start(first, group)
        splits = in_splits(known_pictures(data, first, group, quiet=quiet), first)
        recipe = resolve(first, settings, training_images(first, splits), start)
    with open_run(out, runs, splits.name, f"{recipe.ensemble}-{recipe.model}") as run:
        logger(quiet)(run.note)
        run.begin(
            recipe, {**described(splits, data), "lineage": {}, "asked": settings}, manifest(splits), write_ancestors(ancestors(recipe))
        )
        mirror.send(run.folder)
        return _to_the_end(run, recipe, splits, data, quiet, train, resume)


def resume_all(run: Run, recipe: Recipe, data: Any, table: str, quiet: bool, *, train: Train, resume: Resume) -> Trained:
    """Resume an ensemble; members that are finished stay as they are."""
    with run.locked() as run:
        logger(quiet)(run.note)
        splits = apply_manifest(known_pictures(data, recipe, ProcessGroup(), quiet=quiet), table)
        return _to_the_end(run, recipe, splits, data, quiet, train, resume)


def _to_the_end(run: Run, recipe: Recipe, splits: Parts, data: Any, quiet: bool, train: Train, resume: Resume) -> Trained:
    again = resuming("train", mirror.named(run.folder), recipe)
    folders = [inside(run.folder, "members", str(k + 1)) for k in range(recipe.ensemble)]
    allowed = bool(code_in(dataclasses.asdict(recipe)))  # what the ensemble's recipe names has been allowed
    try:
        for k, folder in enumerate(folders):
            if (folder / CONFIG).is_file():
                continue
            logger(quiet)(f"member {k + 1} of {recipe.ensemble}, seed {recipe.seed + k}")
            if Run(folder).begun:
                resume(folder, data=data, quiet=quiet, allow_code=allowed)
            else:
                own = _member(recipe, k)
                train(data, out=str(folder), quiet=quiet, allow_code=allowed, recipe=str(run.folder / "recipe.toml"), **own)
    except Interrupted as stopped:
        raise Interrupted(stopped.number, again) from None
    except KeyboardInterrupt:  # between two trainings, or a second time
        raise Interrupted(signal.SIGINT, again) from None
    return _joined(run, recipe, splits, folders, quiet)


def _member(recipe: Recipe, k: int) -> Settings:
    """The settings of member `k` that differ from the ensemble's."""
    return {"seed": recipe.seed + k, "split_seed": recipe.carved_by, "ensemble": 1, "minutes": recipe.minutes / recipe.ensemble}


def _joined(run: Run, recipe: Recipe, parts: Parts, folders: Sequence[Path], quiet: bool) -> Trained:
    """The members as one classifier, its temperature fitted on validation unless that is to decide nothing, in the run's folder."""
    device, val = pick_device(recipe.device), parts.parts["val"]
    every = [load_artefact(folder, device=device) for folder in folders]
    whole = ensemble.join(every)
    pictures = load(align(val, whole.classes), whole.preprocessing, cache=recipe.cache, workers=recipe.workers, quiet=quiet)
    *answers, together = (logits(one.faster(), pictures) for one in (*every, whole))
    whole.temperature = 1.0 if recipe.keep == "last" else fit_temperature(together, pictures.labels)
    names = [f"members/{folder.name}" for folder in folders]
    decided = _decided(every, whole)
    scores = standing(dict(zip(names, answers, strict=True)), together, pictures.labels, validation.said(decided))
    whole.facts = _facts(every, scores, decided, {"data": parts.name, "recipe": recipe.recipe, "seed": recipe.seed})
    save_artefact(whole, run.folder, golden_samples(val, whole.preprocessing))
    write_json(run.folder / FILE, {**scores, "judged_on": judged_on(val, parts.name, "val"), **computed_by(whole.faster())})
    mirror.send(run.folder)
    for line in lines(scores):
        logger(quiet)(line)
    seconds, epochs, judged = (whole.facts[name] for name in ("seconds", "epochs", "validation"))
    rate = sum(one.facts["training_pictures"] * one.facts["epochs"] for one in every) / max(seconds, 1e-9)
    parameters = sum(p.numel() for p in whole.model.parameters())
    return Trained(run.folder, whole, parameters, epochs, seconds, round(rate, 1), judged, parts)


def _decided(members: Sequence[Classifier], whole: Classifier) -> list[str]:
    """The choices that validation made for the members and, by the temperature, for the ensemble."""
    choices: dict[str, None] = {}
    for one in members:  # older versions did not store it: by default validation chose the epoch
        own = validation.decided(one.facts)
        choices |= dict.fromkeys("members" if name == "temperature" else name for name in (("epoch",) if own is None else own))
    return [*choices, *(["temperature"] if whole.temperature != 1 else [])]


def _facts(members: Sequence[Classifier], scores: Standing, decided: list[str], known: Settings) -> dict[str, Any]:
    """The artefact's training metadata: those of a single network, with sums and maxima over the members."""
    first, right = members[0].facts, round(scores["n"] * (1 - scores["ensemble"]["top1_error"]["value"]))
    return {
        **known,
        "epochs": max(one.facts["epochs"] for one in members),
        "training_pictures": first["training_pictures"],
        "seconds": round(sum(float(one.facts["seconds"]) for one in members), 1),
        "clearsight": first["clearsight"],
        "validation": validation.judged(right, scores["n"], decided),
        "ensemble": scores,
        **inherited(*(one.facts for one in members)),
    }


def standing(members: dict[str, Tensor], together: Tensor, labels: Tensor, no_interval: str = "") -> Standing:
    """Top-1 and, of more than 5 classes, top-5 errors with 95 % intervals or why they have none, from logits `(n, K)`: before and after.

    The interval of the members' mean is that of one classifier with this error.
    """
    n, ks = len(labels), [k for k in KS if k < together.shape[1]]
    wrong = {name: {k: int((ranks(logits, labels) >= k).sum()) for k in ks} for name, logits in (members | {"": together}).items()}
    own = wrong.pop("")
    mean = {k: sum(row[k] for row in wrong.values()) / len(members) for k in ks}
    rows: list[MemberErrors] = [{"name": name, **_errors(row, n, no_interval)} for name, row in wrong.items()]
    before, after = _errors(mean, n, no_interval), _errors(own, n, no_interval)
    return {"n": n, "part": "validation", "members": rows, "mean": before, "ensemble": after}


def _errors(wrong: Mapping[int, float], n: int, no_interval: str) -> Errors:
    errors = {f"top{k}_error": bounded(count / n, *wilson(round(count), n), no_interval) for k, count in wrong.items()}
    return cast(Errors, errors)


def lines(scores: Standing) -> list[str]:
    """The table of `standing` as text: a line for each member, for their mean, and for the ensemble."""
    named: list[tuple[str, Errors]] = [(row["name"], row) for row in scores["members"]]
    named += [("mean of members", scores["mean"]), ("ensemble", scores["ensemble"])]
    keys: tuple[Key, ...] = ("top1_error", "top5_error") if "top5_error" in scores["ensemble"] else ("top1_error",)
    said = [
        f"{scores['part']}, n = {scores['n']:,}".ljust(24) + "".join(key.replace("top", "top-").replace("_", " ").ljust(28) for key in keys)
    ]
    for name, row in named:
        limits = ["" if row[key]["low"] is None else f" ({row[key]['low']:.2%} to {row[key]['high']:.2%})" for key in keys]
        said.append(name.ljust(24) + "".join(f"{row[key]['value']:.2%}{some}".ljust(28) for key, some in zip(keys, limits, strict=True)))
    why = scores["ensemble"]["top1_error"].get("reason")
    return [line.rstrip() for line in [*said, *([f"no intervals: {why}"] if why else [])]]


def join_runs(folders: Sequence[str | Path], *, out: str = "", runs: str = "runs") -> tuple[Path, Classifier]:
    """The classifiers in `folders` as one, in a folder of its own (`out`, a bare name goes under `runs`).

    Nothing is fitted. Of runs on the same pictures it keeps which one no member has learnt from. Raises UsageError for
    members that do not fit together.
    """
    if len(folders) < 2:
        raise UsageError(f"an ensemble needs at least 2 classifiers. Got {len(folders)}.")
    if out:
        free_folder(out, runs)
    every = [load_artefact(folder) for folder in folders]
    names = {str(one.facts.get("data", "pictures")) for one in every}
    facts = {"data": " + ".join(sorted(names)), "joined_from": ", ".join(map(str, folders))}
    whole = ensemble.join(every, facts)
    homes = [mirror.local(folder) for folder in folders]
    pictures = [stacked(path.read_bytes(), whole.preprocessing) for path in sorted((homes[0] / "golden").glob("*.png"))]
    with open_run(out, runs, facts["data"], whole.architecture) as run:
        _keep_division([Run(home) for home in homes], run)
        save_artefact(whole, run.folder, pictures)
        mirror.send(run.folder)
        return run.folder, whole


def _keep_division(members: Sequence[Run], run: Run) -> None:
    """Write the members' training pictures, and their joint split if all of them split the same pictures."""
    past = write_ancestors(merged(learnt(one.folder) for one in members))
    if not all(one.division.is_file() for one in members):
        return run.keep_ancestors(past)
    facts, tables = zip(*(one.divided() for one in members), strict=True)
    rows: dict[tuple[str, ...], str] = {}
    for table in map(read_manifest, tables):
        for row in table:
            key = tuple(value for name, value in row.items() if name != "part")
            rows[key] = min(rows.get(key, row["part"]), row["part"], key=STRICT.index)
    if any(len(read_manifest(table)) != len(rows) for table in tables) or len({one["data"] for one in facts}) > 1:
        return run.keep_ancestors(past)
    kept = ("data", "name", "classes", "clearsight", "hardware")
    text = write_manifest(
        {"name": name, "label": label, "part": part, "digest": digest, "group": group}
        for (name, label, digest, group), part in rows.items()
    )
    run.keep_division(cast(RunFacts, {name: value for name, value in facts[0].items() if name in kept}), text, past)
