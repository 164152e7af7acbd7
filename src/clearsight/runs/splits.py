"""The splits of a run: pictures are identified by content, and no pretrained weights were trained on a test picture."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import weights
from ..base.compute.distributed import ProcessGroup
from ..base.errors import ClearsightError, UsageError
from ..base.randomness import permutation
from ..classifier.learnt import SEEN, Learnt, learnt, merged
from ..datasets.dataset import Dataset, Parts, joined
from ..datasets.identity import identified
from ..datasets.open import open_dataset
from ..datasets.split import split, with_labels
from ..recipes.methods import MEANS
from ..recipes.recipe import Recipe
from .run import Run

ALONE = ProcessGroup()
MOST_UNLABELLED = 512  # pictures without a label whose nearest class mean is found: each costs the features of its views
CLUSTER = "cluster "  # prefix of the class names of a pretraining without labels


def known_pictures(data: Any, recipe: Recipe, group: ProcessGroup = ALONE, *, quiet: bool = False, labelled: bool = True) -> Parts:
    """The data with the digest of every picture; of several processes the first reads the files, the others find it in the cache."""
    reading = {"columns": recipe.columns, "leave_out": recipe.leave_out}
    whole = open_dataset(data, group_by=recipe.group_by or None, labelled=labelled, **reading)
    with _in_turn(group):
        return identified(whole, quiet=quiet or not group.is_main)


def in_splits(pictures: Parts, recipe: Recipe) -> Parts:
    """The data in their splits, with as many training labels as the recipe uses."""
    splits = divided(pictures, recipe)
    if "val" not in splits.parts and not (recipe.readout and recipe.keep == "last"):
        raise UsageError(
            "without validation pictures only a head can be judged, by cross-validation: --tune head --readout auto --keep last."
        )
    return with_labels(splits, recipe.labels, recipe.carved_by) if recipe.labels else splits


def training_images(recipe: Recipe, splits: Parts) -> Dataset:
    """The images that a step may use: the labelled ones first, then those without a label if the recipe learns from them."""
    train = splits.parts["train"]
    if not (recipe.unlabelled or recipe.teacher):
        return train
    if "unlabelled" not in splits.parts:
        if recipe.unlabelled not in ("", MEANS):
            raise UsageError("--unlabelled needs pictures without labels: say with --labels how many have one, as in --labels 10.")
        return train
    others = splits.parts["unlabelled"]
    if recipe.unlabelled == MEANS:
        others = others.subset(permutation(recipe.carved_by, -9, len(others))[:MOST_UNLABELLED].sort().values.numpy())
    return joined(train, others)


def validation_images(splits: Parts) -> Dataset:
    """The validation split, empty where none was held back."""
    return splits.parts.get("val", splits.parts["train"].subset([]))


def ancestors(recipe: Recipe) -> Learnt:
    """The training pictures of the pretrained weights and of the teacher; a pretraining without labels has only seen them."""
    every = []
    for origin in (recipe.from_, recipe.teacher):
        if origin and not weights.is_origin(origin):
            known = learnt(origin)
            every.append(known.seen() if _without_labels(Path(origin)) else known)
    return merged(every)


def divided(whole: Parts, recipe: Recipe, *, test: float | None = None) -> Parts:
    """The splits of a run by the recipe's settings; a picture that has a split in the pretrained run keeps it.

    `test` is the share to carve in place of the recipe's. Raises ClearsightError where most of a brought test part has been learnt from.
    """
    names = [str(name) for dataset in whole.parts.values() for name in dataset.names]
    past = ancestors(recipe).among(names)
    known = merged([past, learnt(recipe.division).among(names)]) if recipe.division else past
    share = {"val": recipe.val, "test": recipe.test if test is None else test, "share": recipe.share}
    inherited = _division(known) if known else None
    parts = split(whole, seed=recipe.carved_by, near=recipe.copies == "near", inherited=inherited, **share)
    if not known:
        return parts
    origins = " and ".join(filter(None, (recipe.from_, recipe.teacher, recipe.division)))
    notes = [f"{origins}: pictures that have a part there keep it"]
    if not known.complete:
        notes = [f"{origins}: made by an older version, which kept no content: which of these pictures it has learnt from is not known"]
    return _without_learnt(replace(parts, notes=(*parts.notes, *notes)), past, origins)


def unseen_test(parts: Parts) -> Dataset:
    """The test split without exact copies of training and validation pictures."""
    test = parts.parts["test"]
    others = [parts.parts[part].digests for part in ("train", "unlabelled", "val") if part in parts.parts]
    return test if test.digests is None else test.subset(~np.isin(test.digests, np.concatenate(others)))  # type: ignore[arg-type]


def require_unseen(folder: Path, test: Dataset) -> None:
    """Raise ClearsightError where the run in `folder` has learnt from pictures of `test`, as one of an older version may have."""
    if n := int(learnt(folder).of(test).sum()):
        raise ClearsightError(
            f"{folder} has learnt from {n:,} of the {len(test):,} pictures it would be judged on: it was trained by another division of "
            "the data. Take it away and it is trained again, or name another --out."
        )


def _division(known: Learnt) -> Any:
    """The split that each picture of a data set keeps; '' for pictures that were not used or seen without their labels."""

    def parts(dataset: Dataset) -> NDArray[np.object_]:
        found = known.parts(dataset)
        found[np.isin(found.astype(str), ("unused", SEEN))] = ""
        found[found == "unlabelled"] = "train"
        return found

    return parts


def _without_learnt(parts: Parts, past: Learnt, origins: str) -> Parts:
    """The validation split without pictures that the pretrained weights were trained on, and a note if the test split has such pictures."""
    notes, made = [], dict(parts.parts)
    for part in ("val", "test"):
        if part not in made:
            continue
        has_learnt = past.of(made[part]) if part == "test" else np.isin(past.parts(made[part]).astype(str), ("train", "unlabelled"))
        n = int(has_learnt.sum())
        if 2 * n > len(made[part]):
            raise ClearsightError(
                f"{origins} has learnt from {n:,} of the {len(made[part]):,} {part} pictures of {parts.name}, most of the part. "
                "Bring pictures it has not seen, or start from other weights."
            )
        if n and part == "val":
            made[part] = made[part].subset(~has_learnt)
            notes.append(f"{n:,} val pictures are among those that {origins} has learnt from: they are left out")
        elif n:
            notes.append(f"{n:,} test pictures are among those that {origins} has learnt from: evaluate leaves them out")
        if seen := int((past.parts(made[part]) == SEEN).sum()):
            notes.append(f"{seen:,} of the {len(made[part]):,} {part} pictures were seen by {origins}, without their labels")
    return replace(parts, parts=made, notes=(*parts.notes, *notes))


def _without_labels(folder: Path) -> bool:
    """Whether the run in `folder` was a pretraining that knew no labels."""
    run = Run(folder)
    return run.division.is_file() and all(str(label).startswith(CLUSTER) for label in run.divided()[0].get("classes", [""]))


@contextmanager
def _in_turn(group: ProcessGroup) -> Iterator[None]:
    """The first process goes first, the others wait for it."""
    if not group.is_main:
        group.broadcast(0)
    yield
    if group.is_main:
        group.broadcast(0)
