"""`next`: a classifier and pictures without labels in; which of them to label next, ranked, out.

BADGE: J. T. Ash, C. Zhang, A. Krishnamurthy, J. Langford, A. Agarwal, Deep batch active learning by diverse, uncertain gradient lower
bounds, ICLR 2020. If the prediction ŷ were the label, the gradient of the last layer would be g = (p - e_ŷ) ⊗ h, with probabilities p
and features h; its norm is large where the classifier is uncertain. Pictures are drawn from these gradients as k-means++ draws its
first centres: each with a probability proportional to its squared distance from the nearest one chosen. Unlike in the paper, g = 0
counts as chosen from the start; otherwise the many certain pictures would be drawn because of their number. The batch is therefore
both uncertain and diverse, without a parameter to tune. Distances are computed from products of p and of h, without forming any g.

Shapes: N pictures of the pool, D features, K classes, n wanted.
"""

import csv
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..base.compute.device import pick_device
from ..base.errors import UnreadableImage, UsageError, unknown
from ..base.progress import Progress
from ..base.randomness import uniform
from ..base.result import Result, Row
from ..base.text.cells import cell
from ..classifier import Classifier, Failure, load
from ..classifier.features import extract_features
from ..classifier.learnt import learnt
from ..datasets.dataset import Dataset, Parts
from ..datasets.formats.folder import is_folder, read_unlabelled
from ..datasets.formats.idx import is_idx
from ..datasets.identity import identified
from ..datasets.leave_out import without
from ..datasets.named import is_named
from ..datasets.open import open_dataset
from ..runs.run import Run, folder_here
from ..runs.state import run_name
from .label_errors import printable

LABELLED = ("train", "val", "test")
TORN, UNSURE = 0.2, 0.8  # margin and confidence up to which that is the reason


@dataclass(frozen=True)
class Wanted:
    """A picture to label: what the classifier takes it for, how sure it is, how much surer than of its second choice, and why this one."""

    rank: int
    path: str
    guess: str
    confidence: float
    second: str
    margin: float
    why: str


@dataclass(frozen=True, eq=False)
class LabelSuggestions(Result):
    """What to label, best first; `places` are the rows of `data`, the pool without the pictures that have a label already."""

    wanted: list[Wanted]
    places: list[int]
    data: Dataset
    labelled: int
    failures: list[Failure]
    folder: Path
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The JSON of `clearsight labels next --json`."""
        return {
            "pool": len(self.data),
            "labelled_already": self.labelled,
            "wanted": [asdict(one) for one in self.wanted],
            "unreadable": [asdict(one) for one in self.failures],
            "notes": list(self.notes),
        }

    def headline(self) -> str:
        """How many are suggested, of how many."""
        return f"{len(self.wanted):,} of {len(self.data):,} pictures to label next; {self.labelled:,} have a label already"

    def rows(self) -> list[Row]:
        """A line for each picture, the best to label first."""
        return [asdict(one) for one in self.wanted]

    def csv(self) -> str:
        """The ranking as a table."""
        text = io.StringIO()
        writer = csv.DictWriter(text, list(Wanted.__dataclass_fields__), lineterminator="\n")
        writer.writeheader()
        for one in self.wanted:
            told = asdict(one) | {"confidence": f"{one.confidence:.6f}", "margin": f"{one.margin:.6f}"}
            writer.writerow({name: cell(value) for name, value in told.items()})
        return text.getvalue()


def next_labels(
    model: str | Path,
    pool: Any,
    *,
    n: int = 100,
    part: str = "",
    seed: int = 0,
    columns: str = "",
    leave_out: str = "",
    device: str = "auto",
    out: str = "",
    quiet: bool = False,
    classifier: Classifier | None = None,
) -> LabelSuggestions:
    """The `n` pictures of `pool` whose labels would teach the classifier in `model` most: a folder of pictures, or a part of a data set.

    Pictures that the classifier has a label of (its run's train, val and test) are left out; what cannot be read is among the
    `failures`. A `classifier` is used as it is, and `model` is the folder that it is from, or "". Raises UsageError when nothing is left.
    """
    if n < 1:
        raise UsageError(f"n must be at least 1. Got {n}.")
    classifier = classifier or load(model, device=pick_device(device))
    data, name, notes = _opened(pool, part, columns, leave_out)
    data = data.subset(np.argsort([str(name) for name in data.names], kind="stable"))
    data = identified(Parts(name, data.classes, {"all": data}), quiet=quiet).parts["all"]
    new = ~_labelled(model, pool, data)
    if not new.any():
        raise UsageError(f"all {len(data):,} pictures of {pool} have a label already: {model} was trained and judged on them.")
    fresh, failures = _described(classifier, data.subset(new), quiet)
    data, vectors, probabilities = fresh
    places = chosen(vectors, probabilities, n, seed, quiet)
    wanted = _wanted(data, classifier.classes, probabilities[places], places)
    folder = folder_here(out, "runs") if out else Path("runs") / run_name(name, "next")
    return LabelSuggestions(wanted, places, data, int((~new).sum()), failures, folder, notes)


def chosen(vectors: Tensor, probabilities: Tensor, n: int, seed: int = 0, quiet: bool = True) -> list[int]:
    """Up to `n` rows of features `(N, D)` and probabilities `(N, K)` in the order they are drawn: the longest gradient, then by k-means++.

    Twins are drawn once; where nothing differs any more from what is chosen, the rest comes by margin.
    """
    errors = probabilities.float().clone()
    rows = torch.arange(len(errors))
    errors[rows, errors.argmax(1)] -= 1
    squared = errors.square().sum(1) * vectors.square().sum(1)
    n, taken = min(n, len(vectors)), [int(squared.argmax())]
    apart = squared.clone()
    with Progress("choose", n, quiet=quiet) as progress:
        while len(taken) < n:
            last = taken[-1]
            products = (errors @ errors[last]) * (vectors @ vectors[last])
            apart = torch.minimum(apart, squared + squared[last] - 2 * products)
            apart[apart < 1e-5 * (squared + squared[last])] = 0  # a twin, but for rounding
            apart[taken] = 0
            course = apart.double().cumsum(0)
            if not course[-1] > 0:
                break
            draw = float(uniform(seed, len(taken), torch.zeros(1, dtype=torch.int64), "labels next")) * float(course[-1])
            taken.append(int(torch.searchsorted(course, torch.tensor(draw, dtype=torch.float64), right=True)))
            progress.update(1)
    best = probabilities.topk(min(2, probabilities.shape[1]), 1).values
    others = set(taken)
    rest = [i for i in (best[:, 0] - best[:, -1]).argsort(stable=True).tolist() if i not in others] if len(taken) < n else []
    return taken + rest[: n - len(taken)]


def _opened(pool: Any, part: str, columns: str, leave_out: str) -> tuple[Dataset, str, tuple[str, ...]]:
    """The pictures of a pool regardless of their labels, its name, and what was left out."""
    if is_folder(pool) and not (columns or is_named(pool) or is_idx(pool)):
        if part:
            raise UsageError(f"{pool} is a folder, of which every picture is in the pool: leave out --part.")
        data, notes = read_unlabelled(pool)
        parts = Parts(Path(pool).resolve().name, data.classes, {"all": data}, notes)
        parts = without(parts, leave_out) if leave_out else parts
        return parts.parts["all"], parts.name, parts.notes
    parts = open_dataset(pool, columns=columns, leave_out=leave_out)
    if part and part not in parts.parts:
        raise unknown("part", part, parts.parts)
    return parts.parts[part or next(iter(parts.parts))], parts.name, parts.notes


def _labelled(model: str | Path, pool: Any, data: Dataset) -> NDArray[np.bool_]:
    """The pictures that the run in `model` has used with their labels, known by content and not by name or place, bool (N,)."""
    if not model:
        return np.zeros(len(data), dtype=bool)
    run, known = Run(Path(model)), learnt(model)
    if not run.begun or run.divided()[0]["data"] not in (str(pool), str(Path(str(pool)).resolve())):
        known = known.among(map(str, data.names))
    return np.isin(known.parts(data).astype(str), LABELLED)


def _described(classifier: Classifier, data: Dataset, quiet: bool) -> tuple[tuple[Dataset, Tensor, Tensor], list[Failure]]:
    """The pictures that can be read with their features and probabilities, and those that cannot."""
    try:
        return (data, *extract_features(classifier, data, quiet)), []
    except UnreadableImage:
        whole, failures = _readable(classifier, data, quiet)
    if not whole.any():
        raise UsageError(f"none of the {len(data):,} pictures can be read, the first because: {failures[0].error}")
    data = data.subset(whole)
    return (data, *extract_features(classifier, data, quiet)), failures


def _readable(classifier: Classifier, data: Dataset, quiet: bool) -> tuple[NDArray[np.bool_], list[Failure]]:
    """Which pictures can be read, bool (N,), and why the others cannot."""

    def failure(i: int) -> Failure | None:
        try:
            classifier.preprocessing.load(data.source(i))
        except UnreadableImage as error:
            return Failure(printable(data.names[i]), error.reason)
        return None

    found = []
    with Progress("read", len(data), quiet=quiet) as progress, ThreadPoolExecutor() as pool:
        for one in pool.map(failure, range(len(data))):
            found.append(one)
            progress.update(1)
    return np.array([one is None for one in found], dtype=bool), [one for one in found if one is not None]


def _wanted(data: Dataset, classes: Sequence[str], probabilities: Tensor, places: list[int]) -> list[Wanted]:
    """The suggestions for the chosen rows, from their probabilities `(n, K)`."""
    found = []
    best, order = probabilities.topk(min(2, len(classes)), 1)
    for rank, (i, ps, indices) in enumerate(zip(places, best.tolist(), order.tolist(), strict=True), 1):
        guess, second = classes[indices[0]], classes[indices[-1]]
        margin = ps[0] - ps[-1]
        found.append(Wanted(rank, _path(data, i), guess, ps[0], second, margin, _why(guess, second, ps[0], margin)))
    return found


def _why(guess: str, second: str, confidence: float, margin: float) -> str:
    if margin <= TORN:
        return f"torn between {guess} and {second}"
    return f"unsure of {guess}" if confidence <= UNSURE else "unlike those before it"


def _path(data: Dataset, i: int) -> str:
    source = data.source(i)
    return printable(source if isinstance(source, Path) else data.names[i])
