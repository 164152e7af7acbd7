"""`attack`: how many pictures of a set a classifier still gets right when each is changed by at most ε."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..base.check import Check
from ..base.device import keep_large_buffers
from ..base.errors import UsageError, wrong
from ..base.progress import Progress
from ..base.registry import look_up
from ..classifier import Classifier
from ..images.perturb import Scores
from ..metrics.intervals import median, wilson
from .curve import smallest
from .preflight import preflight
from .survive import SAVED, on_lattice, to_lattice
from .table import ATTACKS, Attack
from .task import Task, frozen

LEVELS = (0.125, 0.25, 0.375, 0.5, 0.75, 1.0, 1.5, 2.0)  # times ε: the points of the curve


@dataclass(frozen=True)
class Attacked:
    """What an attack did to n pictures: which were right before, after, and after saving `(n,)`, the changed pictures, least ε's `(n,)`."""

    method: str
    epsilon: float
    norm: str
    clean: Tensor
    robust: Tensor
    saved: dict[str, Tensor]
    pictures: Tensor
    least: Tensor
    preflight: tuple[Check, ...]

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
        }


def _share(right: Tensor) -> dict[str, float]:
    count, n = int(right.sum()), len(right)
    low, high = wilson(count, n)
    return {"value": count / n, "low": low, "high": high}


def attack(
    classifier: Classifier,
    pictures: Tensor,
    labels: Tensor,
    *,
    method: str = "pgd",
    epsilon: float = 8 / 255,
    steps: int = 0,
    restarts: int = 0,
    seed: int = 0,
    batch_size: int = 0,
    target: int | None = None,
    lattice: bool = False,
    source: Classifier | None = None,
    check: bool = True,
    curve: bool = True,
    sure: bool = False,
    saving: bool = True,
    quiet: bool = True,
) -> Attacked:
    """Attack fitted pictures, uint8 `(n, C, H, W)` with labels `(n,)`, by a method of `ATTACKS`; ε is in units of [0, 1].

    `source` is another classifier of the same input, whose gradients are used in place of the classifier's own (transfer);
    `lattice` makes changes of whole levels, which survive saving; `sure` goes on where it fools already. Without `check` there is
    no preflight, without `curve` no search for the least ε, without `saving` no files. Raises UsageError.
    """
    row = look_up(ATTACKS, method, "attack")
    if not epsilon >= 0 or (row.norm not in ("l2", "l1") and epsilon > 1):
        raise wrong("epsilon", "between 0 and 1, in units of the brightest pixel (8 of 255 levels are 8/255)", epsilon)
    if not len(pictures):
        raise wrong("the number of pictures", "at least 1", 0)
    keep_large_buffers()
    batch_size = batch_size or classifier.batch
    maker = source or classifier
    if source and source.preprocessing.to_dict() | {"mean": 0, "std": 0} != classifier.preprocessing.to_dict() | {"mean": 0, "std": 0}:
        raise UsageError("a transfer attack needs two classifiers that see pictures of one size, with the same number of channels.")
    checks = preflight(classifier, pictures, labels, epsilon=epsilon, norm=row.norm, way=row.way, seed=seed) if check else []
    parts, size = [], len(pictures) if row.whole else batch_size
    with frozen(classifier.model, maker.model), Progress(method, len(pictures), quiet=quiet) as progress:
        for start in range(0, len(pictures), size):
            batch, places = pictures[start : start + size].to(classifier.device), torch.arange(start, min(start + size, len(pictures)))
            wanted = None if target is None else torch.full((len(batch),), target, device=batch.device)
            task = Task(
                maker.scores, batch.float() / 255, labels[places].to(batch.device), epsilon, places.to(batch.device), seed, steps, restarts,
                wanted, batch_size, sure,
            )  # fmt: skip
            parts.append(_one(row, task, classifier.scores, lattice, curve, saving))
            progress.update(len(batch))
    columns = [torch.cat(column) for column in zip(*parts, strict=True)]
    clean, robust, least, changed, *kept = columns
    return Attacked(method, epsilon, row.norm, clean, robust, dict(zip(SAVED, kept, strict=saving)), changed, least, tuple(checks))


def _one(row: Attack, task: Task, scores: Scores, lattice: bool, curve: bool, saving: bool) -> list[Tensor]:
    """Who of a batch is right before and after, least ε's, the changed pictures, and who is right after saving in each way."""
    judge = dataclasses.replace(task, scores=scores)
    clean = ~judge.fooled(task.pictures)
    part = (on_lattice(task) if lattice else task).only(clean)  # who is wrong already is left as it is
    changed, least = task.pictures.clone(), torch.zeros(len(clean), device=clean.device)
    if len(part.pictures):
        found = row.run(part)
        changed[clean] = to_lattice(part.pictures, found, row.norm) if lattice else found
    robust = clean & ~judge.fooled(changed)
    if curve and len(part.pictures):
        least[clean], nearest = smallest(row, dataclasses.replace(part, scores=scores), changed[clean], ~robust[clean])
        late = robust[clean] & (least[clean] <= task.epsilon)  # the search for the least ε has found what the attack had not
        nearest = to_lattice(part.pictures, nearest, row.norm) if lattice else nearest
        rows = torch.nonzero(clean)[:, 0][late]
        changed[rows] = nearest[late]
        robust = clean & ~judge.fooled(changed)
    kept = [clean & ~judge.fooled(read(changed).to(changed.device).float() / 255) for read in SAVED.values() if saving]
    return [clean, robust, least, changed, *kept]
