"""`attack`: how many pictures of a set a classifier still gets right when each is changed by at most ε."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..base.check import Check
from ..base.errors import UsageError, wrong
from ..base.precision import halves, has_bf16
from ..base.progress import Progress
from ..base.result import Result
from ..base.undisturbed import undisturbed
from ..classifier import Classifier
from ..datasets.classes import order
from ..metrics.intervals import median, wilson
from .curve import LEVELS, smallest
from .gradient_ascent import Scores, slope
from .mixed_precision import Judge
from .options import AttackKeywords, AttackOptions
from .own import resolved
from .preflight import preflight
from .quantization import SAVED, on_lattice, to_lattice
from .table import Attack
from .task import Task, require_known

WIDE = 8  # batches that are attacked together: who is left fills fewer of them, and what float32 is asked is asked at once


@dataclass(frozen=True)
class AttackResult(Result):
    """Which of n pictures are classified right before (`clean`) and after an attack (`robust`), bool `(n,)`, and the changed `pictures`.

    `saved` is `robust` after rounding to uint8, PNG and JPEG; `pictures` are float32 `(n, C, H, W)` in [0, 1]; `least` is the
    smallest ε that fools `(n,)`, inf where none did; `stamp` says of which pictures and weights, and when.
    """

    method: str
    epsilon: float
    norm: str
    clean: Tensor
    robust: Tensor
    saved: dict[str, Tensor]
    pictures: Tensor
    least: Tensor
    preflight: tuple[Check, ...]
    stamp: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The JSON of `clearsight attack --json`; what no ε fooled is null."""
        n = len(self.clean)
        middle, low, high = median(self.least.tolist())
        finite = {name: value if value < float("inf") else None for name, value in (("value", middle), ("low", low), ("high", high))}
        return {
            "n": n,
            "method": self.method,
            "clean": _share(self.clean),
            "robust": _share(self.robust),
            **{f"after_{name}": _share(kept) for name, kept in self.saved.items()},
            "epsilon": self.epsilon,
            "norm": self.norm,
            "median_minimal_epsilon": finite["value"],
            "minimal_epsilon": finite,
            "curve": [
                {"epsilon": level * self.epsilon, **_share(self.clean & (self.least > level * self.epsilon))} for level in (0.0, *LEVELS)
            ],
            "preflight": [check.to_json() for check in self.preflight],
            **self.stamp,
        }

    def headline(self) -> str:
        """Accuracy before and after, and the median minimal ε."""
        clean, robust = (float(right.float().mean()) for right in (self.clean, self.robust))
        said = f"{self.method}, ε = {self.epsilon:.4g} ({self.norm}), n = {len(self.clean):,}: {clean:.2%} right before, {robust:.2%} after"
        middle = self.to_json()["median_minimal_epsilon"]
        return said if middle is None else f"{said}; median minimal ε {middle:.4g}"

    def rows(self) -> list[dict[str, Any]]:
        """Accuracy with its 95 % interval by ε."""
        found: list[dict[str, Any]] = self.to_json()["curve"]
        return found


def _share(right: Tensor) -> dict[str, float]:
    count, n = int(right.sum()), len(right)
    low, high = wilson(count, n)
    return {"value": count / n, "low": low, "high": high}


def attack(
    classifier: Classifier,
    pictures: Tensor,
    labels: Tensor,
    options: AttackOptions | None = None,
    **changes: Unpack[AttackKeywords],
) -> AttackResult:
    """Attack fitted pictures, uint8 `(n, C, H, W)` with labels int64 `(n,)` of the classifier's own table, as the `options` say.

    `changes` are fields of `AttackOptions`, laid over `options`. Raises UsageError.
    """
    options = dataclasses.replace(options or AttackOptions(), **changes)
    name, row = resolved(options.method)
    epsilon, batch_size = options.epsilon, options.batch_size or classifier.batch
    if not epsilon >= 0 or (row.norm not in ("l2", "l1") and epsilon > 1):
        raise wrong("epsilon", "between 0 and 1, in units of the brightest pixel (8 of 255 levels are 8/255)", epsilon)
    if not len(pictures):
        raise wrong("the number of pictures", "at least 1", 0)
    require_known(labels, len(classifier.classes))
    if options.source:
        _require_same_input(classifier, options.source)
    checked = (
        preflight(classifier, pictures, labels, epsilon=epsilon, norm=row.norm, way=row.way, seed=options.seed) if options.check else []
    )
    parts, size = [], len(pictures) if row.whole else batch_size * (WIDE if row.wide else 1)
    maker = options.source or classifier
    with undisturbed(classifier.model, maker.model, freeze=True), Progress(name, len(pictures), quiet=options.quiet) as progress:
        judge, search, ways = _ways(row, classifier, options, batch_size)
        for start in range(0, len(pictures), size):
            batch, places = pictures[start : start + size].to(classifier.device), torch.arange(start, min(start + size, len(pictures)))
            wanted = None if options.target is None else torch.full((len(batch),), options.target, device=batch.device)
            task = Task(
                search, batch.float() / 255, labels[places].to(batch.device), epsilon, places.to(batch.device), options.seed, options.steps,
                options.restarts, wanted, batch_size, options.sure,
            )  # fmt: skip
            parts.append(_one(row, on_lattice(task) if options.lattice else task, judge, ways))
            progress.update(len(batch))
    clean, robust, least, changed, *kept = [torch.cat(column) for column in zip(*parts, strict=True)]
    saved = dict(zip(SAVED, kept, strict=options.saving))
    return AttackResult(name, epsilon, row.norm, clean, robust, saved, changed, least, tuple(checked))


def _require_same_input(classifier: Classifier, source: Classifier) -> None:
    """Raise UsageError unless both classifiers see pictures of one size and number of channels."""
    ours, theirs = (one.preprocessing.to_dict() | {"mean": 0, "std": 0} for one in (classifier, source))
    if ours != theirs:
        raise UsageError("a transfer attack needs two classifiers that see pictures of one size, with the same number of channels.")


def _ways(row: Attack, classifier: Classifier, options: AttackOptions, batch_size: int) -> tuple[Judge, Scores, "Ways"]:
    """What decides who is misclassified, the scores that the search uses, and the rest of what a batch needs."""
    source = options.source
    maker = source or classifier
    by_name = None if source is None else order(classifier.classes, source.classes, of="the classifier of the gradients")
    quick = classifier.faster(_speed(row, classifier, options.speed))
    quick_maker = maker.faster(quick.speed if halves(maker.model) or quick.speed == "plain" else "folded") if source else quick
    exact, search = (_picked(one.scores, by_name) for one in (maker, quick_maker))
    judge = Judge(classifier.scores, None if quick.speed == "plain" else quick.scores, batch_size)
    return judge, search, Ways(exact, quick.scores, options.lattice, options.curve, options.saving)


def _picked(scores: Scores, columns: NDArray[np.int64] | None) -> Scores:
    """The same scores, of the classes in `columns` `(K,)` alone and in their order."""
    return scores if columns is None else lambda pictures: scores(pictures)[:, torch.from_numpy(columns).to(pictures.device)]


def _speed(row: Attack, classifier: Classifier, speed: str) -> str:
    """The speed of the search: bfloat16 where the chip multiplies it and float32 has the last word anyway."""
    if row.near or speed != "auto":
        return "plain" if row.near else speed
    return "bf16" if not row.fine and has_bf16(classifier.device) and halves(classifier.model) else "folded"


class Ways(NamedTuple):
    """How a batch is attacked: `exact` are the scores to search by where rounding misled, `own` those of the classifier itself."""

    exact: Scores
    own: Scores
    lattice: bool
    curve: bool
    saving: bool


def _one(row: Attack, task: Task, judge: Judge, ways: Ways) -> list[Tensor]:
    """Who of a batch is right before and after, least ε's, the changed pictures, and who is right after saving in each way."""
    if row.still and task.targets is None and task.scores == ways.own:
        task = dataclasses.replace(task, first=slope(task.scores, task.pictures, task.labels, batch=task.batch))
    clean = ~judge.fooled(task.pictures, task.labels, task.first and task.first[1])[0]
    changed, least, robust = task.pictures.clone(), torch.zeros(len(clean), device=clean.device), clean.clone()
    if bool(clean.any()):
        part = task.only(clean)  # who is wrong already is left as it is
        found, fooled = _searched(row, part, judge, ways)
        if ways.curve:
            least[clean], nearest = smallest(row, dataclasses.replace(part, scores=ways.own), judge, found, fooled)
            late = ~fooled & (least[clean] <= task.epsilon)  # the search for the least ε has found what the attack had not
            if bool(late.any()):
                found[late] = to_lattice(part.pictures[late], nearest[late], row.norm) if ways.lattice else nearest[late]
                fooled[late], _ = judge.fooled(found[late], part.labels[late])
        changed[clean], robust[clean] = found, ~fooled
    saved = [read(changed).to(changed.device).float() / 255 for read in SAVED.values() if ways.saving]
    kept = [clean & ~judge.fooled(pictures, task.labels)[0] for pictures in saved]
    return [clean, robust, least, changed, *kept]


def _searched(row: Attack, task: Task, judge: Judge, ways: Ways) -> tuple[Tensor, Tensor]:
    """The pictures after the attack, and which of them fool; what only rounding made fool is searched once more without it."""

    def search(task: Task) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        found = row.run(task)
        found = to_lattice(task.pictures, found, row.norm) if ways.lattice else found
        return found, judge.fooled(found, task.labels)

    found, (fooled, seemed) = search(task)
    if bool(seemed.any()) and not row.whole:
        again = dataclasses.replace(task.only(seemed), scores=ways.exact, first=None)
        found[seemed], (fooled[seemed], _) = search(on_lattice(again) if ways.lattice else again)
    return found, fooled
