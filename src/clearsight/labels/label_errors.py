"""`errors`: labelled pictures in; which labels are likely wrong, ranked, and about how many, out.

Every picture is judged by a model of the other folds, which has not seen its label. See `confident` for what is made of that.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import torch
from numpy.typing import NDArray

from ..base.compute.device import pick_device
from ..base.errors import UsageError, listed, unknown, wrong
from ..base.result import Result, Row
from ..base.text.cells import cell
from ..classifier import load
from ..classifier.features import extract_features
from ..classifier.learnt import learnt
from ..datasets.dataset import Dataset, Parts, joined, objects
from ..datasets.identity import identified
from ..datasets.open import open_dataset
from ..datasets.split import folds as in_folds
from ..metrics.confusion import confused_pairs
from ..recipes.recipe import Pretraining
from ..runs.run import Run, folder_here
from ..runs.state import run_name
from ..training.api import designed
from ..weights import is_origin
from ..weights.licence import said
from . import confident, out_of_fold

COLUMNS = ("rank", "picture", "given", "likely", "p_given", "p_likely", "flagged", "part")


class LabelRow(TypedDict):
    """A picture of the ranking, with the probabilities of its label and of the likeliest class."""

    rank: int
    picture: str
    given: str
    likely: str
    p_given: float
    p_likely: float
    flagged: bool
    part: str


class ConfusedLabels(TypedDict):
    """About `n` pictures of class `likely` are labelled `given`: `share_of_true` of that class."""

    given: str
    likely: str
    n: int
    share_of_true: float


class Count(TypedDict):
    """An estimated number, and its share of all."""

    n: float
    share: float


class Computed(TypedDict, total=False):
    """How the probabilities were computed: `by` a head on `features` with strength `l2`, a network with `settings`, or elsewhere."""

    folds: int
    seed: int
    by: str
    settings: dict[str, object]
    features: str
    l2: float


class LabelFigures(Computed):
    """The JSON of `clearsight labels errors --json`."""

    n: int
    classes: list[str]
    score: str
    agreement: float
    estimated_errors: Count
    flagged: int
    joint: list[list[float]]
    noise_matrix: list[list[float]]
    confused: list[ConfusedLabels]
    ranking: list[LabelRow]
    notes: list[str]


@dataclass(frozen=True, eq=False)
class LabelErrors(Result):
    """Labels and their probabilities by models that have not seen them, a row a picture, in the order of the names.

    `labels` int64 `(N,)` in the table `classes`, `probabilities` float64 `(N, K)`, `names` and `parts` str objects `(N,)`. `data` are the
    pictures, None where only arrays came. `facts` says how the probabilities were computed.
    """

    classes: tuple[str, ...]
    names: NDArray[np.object_]
    labels: NDArray[np.int64]
    parts: NDArray[np.object_]
    probabilities: NDArray[np.float64]
    score: str
    folder: Path
    facts: Computed
    notes: tuple[str, ...] = ()
    data: Dataset | None = None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def pictures(self) -> Dataset:
        """The pictures; raises UsageError where only arrays came."""
        if self.data is None:
            raise UsageError("these labels came as arrays, without their pictures: find_label_errors(DATA) has them.")
        return self.data

    @property
    def agreement(self) -> float:
        """The share of the labels that the models would have given as well."""
        return float((self.probabilities.argmax(1) == self.labels).mean())

    @cached_property
    def confident(self) -> NDArray[np.int64]:
        """The class that each picture is confidently of, or -1, int64 (N,)."""
        return confident.confident(self.labels, self.probabilities)

    @cached_property
    def flagged(self) -> NDArray[np.bool_]:
        """Whether a picture is confidently of another class than its label's, bool (N,)."""
        found: NDArray[np.bool_] = (self.confident >= 0) & (self.confident != self.labels)
        return found

    @cached_property
    def likely(self) -> NDArray[np.int64]:
        """The likeliest class: of those that are reached with confidence where there is one, int64 (N,)."""
        return np.where(self.confident >= 0, self.confident, self.probabilities.argmax(1))

    @cached_property
    def joint(self) -> NDArray[np.float64]:
        """Estimated pictures by label (row) and true class (column), float64 (K, K)."""
        found = confident.confident_joint(self.labels, self.confident, len(self.classes))
        return confident.calibrated(found, np.bincount(self.labels, minlength=len(self.classes)).astype(np.int64))

    @property
    def estimated(self) -> float:
        """About how many labels are wrong."""
        return float(self.joint.sum() - np.trace(self.joint))

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Rows from the likeliest error to the least, int64 (N,)."""
        return np.argsort(confident.SCORES[self.score](self.labels, self.probabilities), kind="stable").astype(np.int64)

    def row(self, rank: int) -> LabelRow:
        """One line of the ranking, from rank 1."""
        i = int(self.order[rank - 1])
        given, likely = int(self.labels[i]), int(self.likely[i])
        return {
            "rank": rank,
            "picture": printable(self.names[i]),
            "given": self.classes[given],
            "likely": self.classes[likely],
            "p_given": float(self.probabilities[i, given]),
            "p_likely": float(self.probabilities[i, likely]),
            "flagged": bool(self.flagged[i]),
            "part": str(self.parts[i]),
        }

    def confused(self, most: int = 12) -> list[ConfusedLabels]:
        """The pairs of classes between which labels are wrong most often, by the estimate."""
        pairs = confused_pairs(np.round(self.joint).astype(np.int64), most)
        noise, names = confident.noise_matrix(self.joint), self.classes
        return [{"given": names[i], "likely": names[j], "n": n, "share_of_true": float(noise[i, j])} for i, j, n in pairs]

    def to_json(self, most: int = 100) -> LabelFigures:
        """The JSON of `clearsight labels errors --json`, with the first `most` rows of the ranking."""
        return {
            "n": len(self),
            "classes": list(self.classes),
            **self.facts,
            "score": self.score,
            "agreement": self.agreement,
            "estimated_errors": {"n": self.estimated, "share": self.estimated / len(self)},
            "flagged": int(self.flagged.sum()),
            "joint": self.joint.tolist(),
            "noise_matrix": confident.noise_matrix(self.joint).tolist(),
            "confused": self.confused(),
            "ranking": [self.row(rank) for rank in range(1, min(most, len(self)) + 1)],
            "notes": list(self.notes),
        }

    def headline(self) -> str:
        """The estimated number of wrong labels."""
        return f"about {self.estimated:,.0f} of {len(self):,} labels are wrong; {self.flagged.sum():,} are flagged"

    def rows(self) -> list[Row]:
        """The ranking, the likeliest error first."""
        return [self.row(rank) for rank in range(1, len(self) + 1)]

    def csv(self) -> str:
        """The whole ranking as a table."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for rank in range(1, len(self) + 1):
            row = self.row(rank)
            told = {**row, "p_given": f"{row['p_given']:.6f}", "p_likely": f"{row['p_likely']:.6f}", "flagged": int(row["flagged"])}
            writer.writerow({name: cell(value) for name, value in told.items()})
        return text.getvalue()


def errors(
    data: Any,
    *,
    part: str = "",
    folds: int = 5,
    seed: int = 0,
    from_: str = "",
    settings: Mapping[str, Any] | None = None,
    group_by: str = "",
    columns: str = "",
    leave_out: str = "",
    score: str = "self-confidence",
    device: str = "auto",
    out: str = "",
    quiet: bool = False,
) -> LabelErrors:
    """Rank the labels of a part of `data` (anything that `open_dataset` takes; `all` for every part) by how likely they are wrong.

    The probabilities come from a head solved on fixed features, of HOG or of the classifier `from_`; with `settings` (fields of `Recipe`)
    from a network trained for each fold. Nothing is written but those networks, in `out`. Raises ClearsightError.
    """
    if score not in confident.SCORES:
        raise unknown("score", score, confident.SCORES)
    if from_ and settings:
        raise UsageError("--from has features that a head is solved on, --model and --recipe train a network for each fold: leave one out.")
    whole = identified(open_dataset(data, group_by=group_by or None, columns=columns, leave_out=leave_out), quiet=quiet)
    chosen, parts = chosen_part(whole, part)
    fold = in_folds(chosen, folds, seed)
    notes = [*whole.notes, *_alone(chosen, fold)]
    folder = folder_here(out, "runs") if out else Path("runs") / run_name(whole.name, "labels")
    labels = torch.from_numpy(chosen.labels)
    facts: Computed = {"folds": folds, "seed": seed}
    if settings:
        facts |= {"by": "network", "settings": dict(settings)}
        answers = out_of_fold.by_network(chosen, fold, folder, {"seed": seed, "device": device, **settings}, quiet)
    else:
        classifier = load(from_, device=pick_device(device)) if from_ else designed(chosen)
        notes += memorised(from_, chosen) + ([f"{from_}: {said(classifier.facts)}"] if is_origin(from_) else [])
        vectors, _ = extract_features(classifier, chosen, quiet)
        answers, l2 = out_of_fold.by_head(vectors, labels, torch.from_numpy(fold), len(chosen.classes), quiet)
        facts |= {"by": "head", "features": from_ or "hog", "l2": l2}
    judged = fold >= 0
    data, probabilities = chosen.subset(judged), answers[torch.from_numpy(judged)].numpy()
    return LabelErrors(data.classes, data.names, data.labels, parts[judged], probabilities, score, folder, facts, tuple(notes), data)


def from_probabilities(
    labels: NDArray[Any], probabilities: NDArray[Any], classes: Sequence[str] | None = None, score: str = "self-confidence"
) -> LabelErrors:
    """Rank labels int `(N,)` by out-of-fold probabilities float `(N, K)` of any model; `classes` names the K classes.

    Raises UsageError for shapes that do not fit, labels outside 0 to K - 1, or probabilities that are not finite.
    """
    if score not in confident.SCORES:
        raise unknown("score", score, confident.SCORES)
    if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1] or not len(labels):
        raise wrong("labels and probabilities", "shaped (N,) and (N, K), with N at least 1", (labels.shape, probabilities.shape))
    if labels.dtype.kind not in "iu" or not 0 <= labels.min() <= labels.max() < probabilities.shape[1]:
        raise wrong("labels", f"whole numbers from 0 to {probabilities.shape[1] - 1}", labels)
    if not np.isfinite(probabilities).all() or probabilities.min() < 0:
        raise wrong("probabilities", "finite numbers of at least 0", float(probabilities.min()))
    table = tuple(map(str, range(probabilities.shape[1]) if classes is None else classes))
    if len(table) != probabilities.shape[1]:
        raise wrong("classes", f"as many as columns of probabilities, {probabilities.shape[1]}", len(table))
    parts = objects([""] * len(labels))
    names = objects(map(str, range(len(labels))))
    facts: Computed = {"by": "probabilities"}
    return LabelErrors(table, names, labels.astype(np.int64), parts, probabilities.astype(np.float64), score, Path(), facts)


def chosen_part(whole: Parts, part: str) -> tuple[Dataset, NDArray[np.object_]]:
    """The pictures to judge, in the order of their names and with the classes that they have, and the part of each."""
    if part not in ("", "all", *whole.parts):
        raise unknown("part", part, ("all", *whole.parts))
    first = next(iter(whole.parts))
    names = list(whole.parts) if part == "all" else [part or first]
    data = whole.parts[names[0]]
    for name in names[1:]:
        data = joined(data, whole.parts[name])
    where = np.repeat(np.array(names, dtype=object), [len(whole.parts[name]) for name in names])
    order = np.argsort([str(name) for name in data.names], kind="stable")  # so that a ranking does not depend on the order they came in
    data = data.subset(order)
    present = data.counts() > 0
    if present.sum() < 2:
        raise UsageError(f"a label can only be wrong where there are two classes with pictures. Got {int(present.sum())} in {whole.name}.")
    table = tuple(label for label, there in zip(data.classes, present, strict=True) if there)
    return replace(data, classes=table, labels=(np.cumsum(present) - 1)[data.labels]), where[order]


def _alone(data: Dataset, fold: NDArray[np.int64]) -> list[str]:
    if not (alone := fold < 0).any():
        return []
    classes = sorted({data.label(int(i)) for i in np.flatnonzero(alone)})
    return [f"{alone.sum()} pictures are not judged, since without them nothing shows what a class of theirs looks like: {listed(classes)}"]


def memorised(from_: str, data: Dataset) -> list[str]:
    """A warning where the features of `from_` have been trained on the labels in question."""
    run = Run(Path(from_ or "."))
    if not from_ or is_origin(from_) or not run.begun:
        return []
    n = int(learnt(from_).among(map(str, data.names)).of(data).sum())
    if isinstance(run.reopen()[0], Pretraining) or not n:
        return []
    return [
        f"warning: {from_} was trained on {n:,} of these very labels, and what it has learnt by heart it will not call wrong. "
        "Leave --from out, or take weights that have not seen them."
    ]


def printable(name: object) -> str:
    """A name that can be written as UTF-8: a file name on Linux may hold any bytes."""
    return str(name).encode("utf-8", "backslashreplace").decode()
