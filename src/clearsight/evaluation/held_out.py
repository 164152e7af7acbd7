"""Which pictures a judgement is made on: never, by accident, the ones the classifier has learnt from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import UsageError, listed
from ..classifier import Classifier
from ..classifier.learnt import LEARNT, SEEN, Learnt, learnt, merged
from ..classifier.stamp import JudgedOn, Stamp, computed_by, judged_on
from ..datasets.dataset import Dataset, Parts, joined
from ..datasets.identity import identified
from ..datasets.manifest import apply_manifest, read_manifest
from ..datasets.open import open_dataset
from ..datasets.table import columns_of
from ..recipes.recipe import Recipe
from ..runs.run import Run

ALL, UNSEEN = "all", "unseen"
UNNAMED = "this classifier"
NEW = "new"  # a picture that the run was not given


class NoPart(UsageError):
    """The data are not divided, or have no part of the name that was asked for."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """Pictures of one `part` of the data called `name`, to judge on, and the notes to print about them.

    Those of the part that a classifier has learnt from are `left_out`; where the part was asked for as such, they are judged, and
    `learnt` says how many. `own` are the data that the (first) classifier was trained on.
    """

    dataset: Dataset
    left_out: Dataset
    name: str
    part: str
    learnt: int
    own: bool
    notes: tuple[str, ...]

    @property
    def facts(self) -> JudgedOn:
        """What a stored result says it was computed on."""
        return {**judged_on(self.dataset, self.name, self.part), "left_out": len(self.left_out), "learnt": self.learnt}

    @property
    def is_test(self) -> bool:
        """Whether this is the run's own test part, as a report of the run judges it."""
        return self.own and self.part == "test"

    @property
    def label(self) -> str:
        """What tells these pictures from others, as part of a file's name."""
        return f"{self.part}-{self.facts['digest'][:8]}"


def stamp(classifier: Classifier, chosen: Chosen) -> Stamp:
    """What a stored result says of where it comes from: pictures, weights, precision, time."""
    return {"judged_on": chosen.facts, **computed_by(classifier)}


def choose(model: str | Path, data: Any, part: str = "test", *, others: Sequence[str | Path] = (), quiet: bool = False) -> Chosen:
    """The pictures to judge the classifier in the folder `model` on (`""` for one that was made in memory), and the `others` with it.

    The data a run was trained on (`data` left out, or the same pictures) are divided by the run's own split. Other data are divided
    as they come; when they bring no parts, all of them are judged. What any of the classifiers has learnt from is left out, unless
    `part` is train, val or unlabelled. Raises UsageError when that is most of a set, or all.
    """
    every = [learnt(one) if one else Learnt() for one in (model, *others)]
    trained_on, recipe, table = _trained_on(model)
    if data is None and not trained_on:
        raise UsageError(f"{model or UNNAMED} does not say what it was trained on: name the DATA to judge it on.")
    here = data is None or (isinstance(data, (str, Path)) and trained_on in (str(data), str(Path(data).resolve())))
    whole = identified(open_dataset(trained_on if data is None else data, **_reading(recipe, here, data)), quiet=quiet)
    names = [str(name) for dataset in whole.parts.values() for name in dataset.names]
    every = [one.among(names) for one in every]
    rows = {row["name"]: row for row in read_manifest(table)} if table else {}
    own = bool(table) and (here or _same(whole, rows))
    candidates, called, notes = _own(whole, table, rows, every[0], str(model), part) if own else _as_they_come(whole, part)
    return _chosen(
        candidates, called, whole.name, own, merged(every), (*whole.notes, *notes), [str(one) or UNNAMED for one in (model, *others)]
    )


def unlearnt(dataset: Dataset, name: str, part: str, own: bool, models: Sequence[str | Path]) -> Chosen:
    """Those of pictures with digests that none of the classifiers in the folders `models` has learnt from, as `choose` leaves them out.

    `own` says whether they are a part of the data of the first one. Raises UsageError as `choose` does.
    """
    names = [str(one) for one in dataset.names]
    known = merged([learnt(one).among(names) for one in models])
    return _chosen(dataset, part, name, own, known, (), [str(one) for one in models])


def _reading(recipe: Recipe, here: bool, data: Any) -> dict[str, Any]:
    """How to read data: those of the run as it did, another table by the same columns if it has them."""
    if here:
        return {"group_by": recipe.group_by or None, "columns": recipe.columns, "leave_out": recipe.leave_out}
    return {"columns": columns_of(data, recipe.columns)}


def _trained_on(model: str | Path) -> tuple[str, Recipe, str]:
    """The data of the run in the folder `model`, its recipe, and the table of its division; empty where missing."""
    trained_on, recipe, table = "", Recipe(), ""
    if not model:
        return trained_on, recipe, table
    run = Run(Path(model))
    if run.division.is_file():
        facts, table = run.divided()
        trained_on = str(facts["data"])
    if run.begun:
        recipe = run.reopen()[0]
    return trained_on, recipe, table


def _chosen(candidates: Dataset, part: str, name: str, own: bool, known: Learnt, notes: tuple[str, ...], models: Sequence[str]) -> Chosen:
    has_learnt = known.of(candidates)
    n, share = int(has_learnt.sum()), float(has_learnt.mean()) if len(candidates) else 0.0
    who = " or ".join(models)
    if not known.complete:
        old = f"{who}, or a run it began with, has no table of contents (an older version made it, or its split.csv was left behind)"
        notes = (*notes, f"{old}: which of these pictures it has learnt from is not known")
    if seen := int((known.parts(candidates) == SEEN).sum()):
        notes = (*notes, f"{seen:,} of these pictures were seen by a pretraining, without their labels")
    if part in LEARNT:
        said = (f"{n:,} of these {len(candidates):,} pictures are among those {who} has learnt from: this is no test",) if n else ()
        return Chosen(candidates, candidates.subset([]), name, part, n, own, (*notes, *said))
    found = f"{who} has learnt from {n:,} of these {len(candidates):,} pictures of {name}"
    if n and n == len(candidates):
        raise UsageError(f"{found}: none is left to judge on. Bring pictures it has not seen, or say --part train to judge on these.")
    if share > 0.5 and part != UNSEEN and not (own and part == "test"):
        raise UsageError(
            f"{found}, most of the set. Say --part {UNSEEN} to judge on the other {len(candidates) - n:,}"
            + (", or leave DATA out to judge on its own test part." if not own else ", or --part test.")
        )
    said = (f"{found}: they are left out",) if n else ()
    return Chosen(candidates.subset(~has_learnt), candidates.subset(has_learnt), name, part, 0, own, (*notes, *said))


def _as_they_come(whole: Parts, part: str) -> tuple[Dataset, str, tuple[str, ...]]:
    """The pictures of a part of data that the run was not trained on, what it is called, and what to say."""
    if part in whole.parts:
        return whole.parts[part], part, ()
    if part in (ALL, UNSEEN):
        return _every(whole), part, ()
    if part == "test" and ALL in whole.parts:
        everything = whole.parts[ALL]
        return everything, ALL, (f"{whole.name} brings no parts: all {len(everything):,} pictures are judged.",)
    raise _no_part(whole.name, part, whole.parts)


def _own(
    whole: Parts, table: str, rows: dict[str, dict[str, str]], known: Learnt, model: str, part: str
) -> tuple[Dataset, str, tuple[str, ...]]:
    """The pictures of a part as the run divided its data, which may have changed since, or be called otherwise."""
    if _same_names(whole, rows) or not known.digests:
        divided = apply_manifest(whole, table).parts
        if part not in (*divided, ALL, UNSEEN):
            raise _no_part(whole.name, part, divided)
        return divided[part] if part in divided else _every(whole), part, ()
    everything = _every(whole)
    if part in (ALL, UNSEEN):
        return everything, part, ()
    words = _words(everything, rows, known)
    chosen = words == part
    if not chosen.any():
        raise _no_part(whole.name, part, sorted(set(words)))
    notes = []
    if new := int((words == NEW).sum()):
        notes.append(f"{new:,} pictures of {whole.name} were not given to {model} and have no part; --part {UNSEEN} judges on them too")
    lost = sum(row["part"] == part for row in rows.values()) - int(chosen.sum())
    if lost > 0:
        notes.append(f"{lost:,} of the {part} pictures of {model} are gone, or have other content now")
    return everything.subset(chosen), part, tuple(notes)


def _words(data: Dataset, rows: dict[str, dict[str, str]], known: Learnt) -> NDArray[np.object_]:
    """The part of each picture in the run's division: by its name where its content is the same, else by content, else `new`."""
    found = known.parts(data)
    for i, (name, digest) in enumerate(zip(data.names, data.digests.tolist(), strict=True)):  # type: ignore[union-attr]
        row = rows.get(str(name))
        if row and row["digest"] == digest.decode():
            found[i] = row["part"]
    found[found == ""] = NEW
    return found


def _every(whole: Parts) -> Dataset:
    first, *others = whole.parts.values()
    for other in others:
        first = joined(first, other)
    return first


def _same(whole: Parts, rows: dict[str, dict[str, str]]) -> bool:
    """Whether the data have the pictures that the run was given, by content, or by name where that is all it kept."""
    everything = _every(whole)
    if all(row["digest"] for row in rows.values()):
        return sorted(digest.decode() for digest in everything.digests) == sorted(row["digest"] for row in rows.values())  # type: ignore[union-attr]
    return {str(name) for name in everything.names} == rows.keys()


def _same_names(whole: Parts, rows: dict[str, dict[str, str]]) -> bool:
    """Whether each picture has the name and the content that it had when the run was given it."""
    everything = _every(whole)
    now = dict(zip(map(str, everything.names), everything.digests.tolist(), strict=True))  # type: ignore[union-attr]
    return now.keys() == rows.keys() and all(rows[name]["digest"] in ("", digest.decode()) for name, digest in now.items())


def _no_part(name: str, part: str, parts: Any) -> NoPart:
    return NoPart(f"{name} has no part {part!r}. There is: {listed([*parts, *(word for word in (ALL, UNSEEN) if word not in parts)])}.")
