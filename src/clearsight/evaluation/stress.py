"""`stress`: a classifier under the common corruptions and the classical challenges, and what it may have learnt but the object."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..base.errors import UsageError, unknown, wrong
from ..base.progress import Progress
from ..base.randomness import permutation
from ..base.result import Result, Row
from ..classifier import Classifier
from ..classifier.stamp import Stamp
from ..corruptions import CORRUPTIONS, MEAN_OVER, corrupted
from ..corruptions.challenges import CHALLENGES, challenged, covered_at
from ..datasets.dataset import Dataset
from ..datasets.loader import load
from ..datasets.split import align
from ..images.convert import visible
from ..metrics.intervals import wilson
from ..models.base import Model
from .backgrounds import masks, replaced
from .evaluate import printable
from .overlaps import overlaps
from .rows import Background, Challenged, Clean, Corrupted, CorruptionError, Overlap, Share, Shortcut, StressFigures, Subgroups, level
from .shortcuts import shortcuts
from .subgroups import subgroups

Change = Callable[[Tensor, Tensor, Tensor], Tensor]  # pictures, their indices, other pictures → pictures
GRID, COVER = 5, 1 / 3  # places of the map, and the side of what covers one
SHOWN = 4  # failures with their pictures for each change
OTHER = ("places", "subgroups", "shortcuts")
BASELINE = (
    "none: the mean error over corruptions and severities as it is. Published mCE divide by AlexNet's errors on ImageNet, which exist for "
    "no other data."
)


@dataclass(frozen=True, eq=False)
class Failure:
    """A picture that a change makes misclassified: its name, truth, predicted label, and the changed picture uint8 `(H, W, C)`."""

    source: str
    truth: str
    label: str
    by: float
    picture: NDArray[np.uint8]

    def to_json(self) -> Row:
        """Without the picture."""
        return {"source": self.source, "truth": self.truth, "label": self.label, "by": self.by}


@dataclass(frozen=True, eq=False)
class StressResult(Result):
    """Accuracy under corruptions and challenges, fractions of 1 with 95 % intervals; tests that were not run are empty or None."""

    clean: Clean
    classes: tuple[str, ...]
    corruptions: list[Corrupted] = field(default_factory=list)
    challenges: list[Challenged] = field(default_factory=list)
    failures: dict[str, list[Failure]] = field(default_factory=dict)
    places: list[list[Share]] = field(default_factory=list)
    subgroups: Subgroups | None = None
    examples: list[NDArray[np.uint8]] = field(default_factory=list)
    shortcuts: list[Shortcut] = field(default_factory=list)
    overlaps: list[Overlap] | None = None
    backgrounds: list[Background] = field(default_factory=list)
    stamp: Stamp = field(default_factory=Stamp)

    @property
    def halves(self) -> dict[str, float | None]:
        """The severity or strength at which accuracy falls under half of what it is without, between those tried by a straight line."""
        found: dict[str, float | None] = {}
        for rows in (self.corruptions, self.challenges):
            for name in dict.fromkeys(row["name"] for row in rows):
                found[name] = half([(level(row), row["top1"]) for row in rows if row["name"] == name], self.clean["value"])
        return found

    @property
    def mce(self) -> CorruptionError | None:
        """Mean corruption error over those of the published fifteen that were tried, and how much more that is than the clean error."""
        errors = {name: [1 - row["top1"] for row in self.corruptions if row["name"] == name] for name in MEAN_OVER}
        means = [float(np.mean(values)) for values in errors.values() if values]
        if not means:
            return None
        value = float(np.mean(means))
        relative = value - (1 - self.clean["value"])
        severities = sorted({row["severity"] for row in self.corruptions})
        return {"value": value, "relative": relative, "over": len(means), "severities": severities, "baseline": BASELINE}

    @property
    def half_width(self) -> float:
        """Half of the width of the widest 95 % interval that an accuracy on so many pictures can have: that of one half."""
        low, high = wilson(self.clean["n"] // 2, self.clean["n"])
        return (high - low) / 2

    def to_json(self) -> StressFigures:
        """The JSON of `clearsight stress --json`."""
        return {
            **self.stamp,
            "n": self.clean["n"],
            "clean": self.clean,
            "mce": self.mce["value"] if self.mce else None,
            "mean_corruption_error": self.mce,
            "corruptions": self.corruptions,
            "challenges": self.challenges,
            "half": self.halves,
            "places": self.places,
            "subgroups": self.subgroups,
            "shortcuts": self.shortcuts,
            "overlaps": self.overlaps,
            "backgrounds": self.backgrounds,
            "failures": {name: [failure.to_json() for failure in found] for name, found in self.failures.items()},
        }

    def headline(self) -> str:
        """Accuracy without changes, and the mean corruption error where corruptions were tried."""
        said = f"n = {self.clean['n']:,}: {self.clean['value']:.2%} right without changes"
        return f"{said}, mean corruption error {self.mce['value']:.2%}" if self.mce else said

    def rows(self) -> list[Row]:
        """A line for each change at each severity or strength, with its accuracy and 95 % interval."""
        return [
            {"change": row["name"], "severity": row.get("severity"), "strength": row.get("strength"), "top1": row["top1"],
             "low": row["low"], "high": row["high"]}
            for row in (*self.corruptions, *self.challenges)
        ]  # fmt: skip


def half(points: Iterable[tuple[float, float]], clean: float) -> float | None:
    """Where accuracies by rising strength first fall under half of `clean`, on straight lines between them; None: nowhere tried."""
    before = (0.0, clean)
    for strength, value in points:
        if value < clean / 2:
            return before[0] + (strength - before[0]) * (before[1] - clean / 2) / (before[1] - value)
        before = (strength, value)
    return None


def chosen(only: Sequence[str]) -> set[str]:
    """The names that `only` means, groups written out; none is everything. Raises UsageError for another."""
    groups = {"corruptions": set(CORRUPTIONS), "challenges": set(CHALLENGES)}
    for name, group in [*((row.name, row.group) for row in CORRUPTIONS.values()), *((row.name, row.group) for row in CHALLENGES.values())]:
        groups.setdefault(group, set()).add(name)
    every = {*CORRUPTIONS, *CHALLENGES, *OTHER}
    for name in only:
        if name not in every and name not in groups:
            raise unknown("test", name, (*groups, *OTHER, *CORRUPTIONS, *CHALLENGES))
    return set().union(*(groups.get(name, {name}) for name in only)) if only else every


def stress(
    classifier: Classifier,
    dataset: Dataset,
    *,
    n: int = 1000,
    severities: Sequence[int] = (1, 2, 3, 4, 5),
    only: Sequence[str] = (),
    augment: str | None = None,
    mask_folder: Path | None = None,
    seed: int = 0,
    batch_size: int = 0,
    speed: str = "plain",
    quiet: bool = False,
) -> StressResult:
    """Judge `classifier` on `n` pictures drawn from `dataset`, as they are and changed.

    `severities` are those of the corruptions, and the places of a challenge's strengths in its row; `speed` is as in
    `Classifier.faster`; `augment` are the changes that it was trained with (None: not known); below `mask_folder` are pictures named
    as those judged, white where the object is. Raises UsageError when there are no pictures, none is right, a mask is missing, or a name
    or severity is not there.
    """
    wanted = chosen(only)
    for severity in severities:
        if not 1 <= severity <= 5:
            raise wrong("severity", "from 1 to 5", severity)
    trial = Trial(classifier, classifier.faster(speed), dataset, n, seed, batch_size, quiet)
    changes = [(name, severity) for name in (*CORRUPTIONS, *CHALLENGES) if name in wanted for severity in sorted(set(severities))]
    bands = trial.pictures.shape[1]
    if bands != 3:  # without colour it is the picture itself
        changes = [(name, severity) for name, severity in changes if not (name in CORRUPTIONS and CORRUPTIONS[name].colour)]
    cells = [(row, column) for row in range(GRID) for column in range(GRID)] if "places" in wanted else []
    share = trial.share
    clean = Clean(value=share["top1"], low=share["low"], high=share["high"], n=share["n"])
    found = StressResult(clean, tuple(classifier.classes))
    with Progress("stress", (len(changes) + len(cells)) * len(trial), quiet=quiet) as progress:
        for name, severity in changes:
            _changed(found, trial, name, severity, progress)
        shares = [trial.judged(partial(_cover, row, column), progress)[0] for row, column in cells]
    groups = (
        subgroups(trial.vectors(), trial.labels, trial.right.numpy(), found.classes, trial.names, seed) if "subgroups" in wanted else None
    )
    place = {name: i for i, name in enumerate(trial.names)}
    return replace(
        found,
        places=[shares[start : start + GRID] for start in range(0, len(shares), GRID)],
        subgroups=groups,
        examples=[trial.shown(trial.pictures[place[name]]) for name in (groups["worst"]["pictures"] if groups else [])],
        shortcuts=shortcuts(trial.pictures, trial.labels, trial.sizes, seed) if "shortcuts" in wanted else [],
        backgrounds=trial.on_backgrounds(mask_folder) if mask_folder else [],
        overlaps=None if augment is None else overlaps(augment),
    )


def _cover(row: int, column: int, pictures: Tensor, indices: Tensor, others: Tensor) -> Tensor:
    return covered_at(pictures, row, column, GRID, COVER)


def _changed(found: StressResult, trial: "Trial", name: str, severity: int, progress: Progress) -> None:
    """One change at one severity: its row, and the first pictures that it took away."""
    corruption = name in CORRUPTIONS
    strength = severity if corruption else CHALLENGES[name].strengths[severity - 1]

    def change(x: Tensor, i: Tensor, o: Tensor) -> Tensor:
        return corrupted(x, i, name, severity) if corruption else challenged(x, i, name, strength, o)

    share, guesses = trial.judged(change, progress)
    if corruption:
        found.corruptions.append({"name": name, "severity": severity, **share})
    else:
        found.challenges.append({"name": name, "strength": strength, **share})
    kept = found.failures.setdefault(name, [])
    known = {failure.source for failure in kept}
    for row in torch.nonzero(trial.right & (guesses != trial.truth))[:, 0].tolist():
        if len(kept) == SHOWN:
            return
        if trial.names[row] in known:
            continue
        some = torch.tensor([row])
        picture = change(trial.pictures[some], trial.indices[some], trial.others(some))
        label = found.classes[int(guesses[row])]
        kept.append(Failure(trial.names[row], found.classes[int(trial.truth[row])], label, strength, trial.shown(picture[0])))


class Trial:
    """The pictures that everything is tried on: uint8 `(n, C, H, W)`, with their labels, and whether they are right as they are."""

    def __init__(self, classifier: Classifier, fast: Classifier, dataset: Dataset, n: int, seed: int, batch_size: int, quiet: bool) -> None:
        if not len(dataset):
            raise UsageError("there are no pictures to stress the classifier with.")
        known = align(dataset, classifier.classes)
        self.classifier, self.fast, self.batch = classifier, fast, batch_size or classifier.batch
        self.indices = permutation(seed, 0, len(known))[:n].sort().values
        some = self.data = known.subset(self.indices.numpy())
        self.pictures = load(some, classifier.preprocessing, cache="off", quiet=quiet).batch(torch.arange(len(some)))
        self.labels, self.names = some.labels, [str(name) for name in printable(some.names)]
        self.truth = torch.from_numpy(some.labels)
        self.sizes = _sizes(some)
        order = torch.argsort(self.truth, stable=True)
        self.partner = torch.empty_like(order)  # another picture, half of the sorted classes away: of another class where no class has half
        self.partner[order] = order.roll(len(order) // 2)
        self.share, guesses = self.judged(lambda x, i, o: x)
        self.right = guesses == self.truth
        if not self.right.any():
            raise UsageError(f"none of {len(self):,} pictures is classified right: there is nothing to stress.")

    def __len__(self) -> int:
        return len(self.labels)

    def others(self, rows: Tensor) -> Tensor:
        """Another picture for each."""
        return self.pictures[self.partner[rows]]

    def judged(self, change: Change, progress: Progress | None = None) -> tuple[Share, Tensor]:
        """Accuracy with its interval, and the answers int64 `(n,)`, after `change`."""
        answers = []
        for rows in torch.arange(len(self)).split(self.batch):
            changed = change(self.pictures[rows], self.indices[rows], self.others(rows))
            answers.append(self.fast.logits(changed).argmax(1).cpu())
            if progress:
                progress.update(len(rows))
        guesses = torch.cat(answers)
        hits = int((guesses == self.truth).sum())
        low, high = wilson(hits, len(self))
        return {"top1": hits / len(self), "low": low, "high": high, "n": len(self)}, guesses

    def on_backgrounds(self, folder: Path) -> list[Background]:
        """Accuracy with the object's background swapped for another picture, and for grey."""
        inside = masks(folder, self.data, self.classifier.preprocessing)

        def before(kind: str) -> Change:
            return lambda x, i, o: replaced(x, o, inside[torch.searchsorted(self.indices, i)])[kind]

        return [{"background": kind, **self.judged(before(kind))[0]} for kind in ("another", "grey")]

    def vectors(self) -> NDArray[np.float32]:
        """What the classifier makes of each picture before its last layer, float32 `(n, D)`; its scores, where that is not known."""
        model, found = self.classifier.model, []
        for some in self.pictures.split(self.batch):
            with torch.inference_mode():
                if isinstance(model, Model):
                    made = model.features(self.classifier.preprocessing.normalise(some.to(self.classifier.device)))
                else:
                    made = self.classifier.logits(some)
            found.append(made.flatten(1).float().cpu())
        return torch.cat(found).numpy()

    def shown(self, picture: Tensor) -> NDArray[np.uint8]:
        """A picture `(C, H, W)` as `(H, W, C)`, red first; of more than three bands the first three."""
        return np.ascontiguousarray(visible(picture.permute(1, 2, 0).numpy()))


def _sizes(dataset: Dataset) -> NDArray[np.float64] | None:
    """Bytes of each file `(n,)`; None for pictures in memory."""
    if dataset.spans is not None:
        return dataset.spans["length"].astype(np.float64)
    if dataset.root is None or dataset.paths is None:
        return None
    return np.array([(dataset.root / str(path)).stat().st_size for path in dataset.paths], np.float64)
