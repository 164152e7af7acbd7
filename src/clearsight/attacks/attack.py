"""`attack`: the accuracy of a classifier on pictures that are each changed by at most ε."""

import dataclasses
from dataclasses import dataclass, field
from typing import NamedTuple, Unpack, cast

import torch
from torch import Tensor

from ..base.check import Check
from ..base.compute.precision import halves, has_bf16
from ..base.compute.undisturbed import undisturbed
from ..base.errors import UsageError, wrong
from ..base.progress import Progress
from ..base.result import Result, Row
from ..classifier import Classifier
from ..classifier.stamp import Stamp
from ..datasets.classes import order
from ..metrics.intervals import Estimate, median, proportion
from .curve import LEVELS, smallest_epsilon
from .gradient_ascent import Scores, grad_and_logits
from .mixed_precision import Judge
from .options import AttackKeywords, AttackOptions
from .own import resolved
from .preflight import preflight
from .quantization import SAVED, on_lattice, to_lattice
from .rows import AttackFigures, SavedFigures
from .table import Attack
from .task import Task, require_known

BATCHES_AT_ONCE = 8  # attacked together: pictures that are left fill fewer batches, and float32 is asked once


@dataclass(frozen=True, repr=False)
class AttackResult(Result):
    """What an attack did to n pictures."""

    method: str
    epsilon: float
    norm: str
    clean: Tensor  # bool (n,): classified right before the attack
    robust: Tensor  # bool (n,): still right after it
    saved: dict[str, Tensor]  # bool (n,) each: still right once the changed picture was saved as uint8, png, jpeg
    pictures: Tensor  # float32 (n, C, H, W) in [0, 1], changed
    least: Tensor  # (n,): an upper bound of the least ε that fools; inf where none was found
    preflight: tuple[Check, ...]
    stamp: Stamp = field(default_factory=Stamp)  # of which pictures and weights, and when

    def to_json(self) -> AttackFigures:
        """The JSON of `clearsight attack --json`; a median minimal ε that is infinite is null."""
        n = len(self.clean)
        middle, low, high = median(self.least.tolist())
        least: list[float | None] = [value if value < float("inf") else None for value in (middle, low, high)]
        return {
            "n": n,
            "method": self.method,
            "clean": _share(self.clean),
            "robust": _share(self.robust),
            **cast(SavedFigures, {f"after_{name}": _share(kept) for name, kept in self.saved.items()}),
            "epsilon": self.epsilon,
            "norm": self.norm,
            "median_minimal_epsilon": least[0],
            "minimal_epsilon": {"value": least[0], "low": least[1], "high": least[2]},
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

    def rows(self) -> list[Row]:
        """Accuracy with its 95 % interval by ε."""
        return [*self.to_json()["curve"]]


def _share(right: Tensor) -> Estimate:
    return proportion(int(right.sum()), len(right))


def attack(
    classifier: Classifier,
    pictures: Tensor,
    labels: Tensor,
    options: AttackOptions | None = None,
    **changes: Unpack[AttackKeywords],
) -> AttackResult:
    """Attack fitted pictures, uint8 `(n, C, H, W)` with labels int64 `(n,)` of the classifier's own table, with these `options`.

    `changes` are fields of `AttackOptions` and replace those of `options`; ε is in units of [0, 1]. Raises UsageError.
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
    checks: list[Check] = []
    if options.check:
        checks = preflight(classifier, pictures, labels, epsilon=epsilon, norm=row.norm, path_length=row.path_length, seed=options.seed)
    parts, size = [], len(pictures) if row.one_for_all else batch_size * (BATCHES_AT_ONCE if row.batches_itself else 1)
    maker = options.source or classifier
    with undisturbed(classifier.model, maker.model, freeze=True), Progress(name, len(pictures), quiet=options.quiet) as progress:
        judge, search, scores = _scorers(row, classifier, options, batch_size)
        for start in range(0, len(pictures), size):
            batch, places = pictures[start : start + size].to(classifier.device), torch.arange(start, min(start + size, len(pictures)))
            wanted = None if options.target is None else torch.full((len(batch),), options.target, device=batch.device)
            task = Task(
                search, batch.float() / 255, labels[places].to(batch.device), epsilon, places.to(batch.device), options.seed, options.steps,
                options.restarts, wanted, batch_size, options.sure,
            )  # fmt: skip
            parts.append(_attack_batch(row, on_lattice(task) if options.lattice else task, judge, scores, options))
            progress.update(len(batch))
    clean, robust, least, changed, *kept = [torch.cat(column) for column in zip(*parts, strict=True)]
    saved = dict(zip(SAVED, kept, strict=options.saving))
    return AttackResult(name, epsilon, row.norm, clean, robust, saved, changed, least, tuple(checks))


def _require_same_input(classifier: Classifier, source: Classifier) -> None:
    """Raise UsageError unless both classifiers see pictures of one size and number of channels."""
    ours, theirs = (one.preprocessing.to_dict() | {"mean": 0, "std": 0} for one in (classifier, source))
    if ours != theirs:
        raise UsageError("a transfer attack needs two classifiers that see pictures of one size, with the same number of channels.")


class Scorers(NamedTuple):
    """`exact` are the scores to search by where rounding misled; `own` those of the classifier itself, as fast as the search."""

    exact: Scores
    own: Scores


def _scorers(row: Attack, classifier: Classifier, options: AttackOptions, batch_size: int) -> tuple[Judge, Scores, Scorers]:
    """The judge of misclassification in float32, the scores to search by, and the scores for special cases."""
    source = options.source
    maker = source or classifier
    quick = classifier.kept(_speed(row, classifier, options.speed))
    quick_maker = maker.kept(quick.speed if halves(maker.model) or quick.speed == "plain" else "folded") if source else quick
    exact, search = (scores_of(one, classifier) for one in (maker, quick_maker))
    judge = Judge(classifier.scores, None if quick.speed == "plain" else quick.scores, batch_size)
    return judge, search, Scorers(exact, quick.scores)


def scores_of(maker: Classifier, classifier: Classifier) -> Scores:
    """The scores that `maker` gives to the classes of `classifier`, in their order; raises UsageError where it lacks one."""
    if maker.classes == classifier.classes:
        return maker.scores
    columns = torch.from_numpy(order(classifier.classes, maker.classes, of="the classifier of the gradients"))
    return lambda pictures: maker.scores(pictures)[:, columns.to(pictures.device)]


def _speed(row: Attack, classifier: Classifier, speed: str) -> str:
    """The speed of the search: bfloat16 where the chip multiplies it and float32 has the last word anyway."""
    if row.needs_float32 or speed != "auto":
        return "plain" if row.needs_float32 else speed
    return "bf16" if not row.search_float32 and has_bf16(classifier.device) and halves(classifier.model) else "folded"


def _attack_batch(row: Attack, task: Task, judge: Judge, scores: Scorers, options: AttackOptions) -> list[Tensor]:
    """Of a batch: classified right before and after `(N,)`, least ε `(N,)`, the changed pictures, and right after saving in each format."""
    if row.starts_at_input and task.targets is None and task.scores == scores.own:
        task = dataclasses.replace(task, first=grad_and_logits(task.scores, task.pictures, task.labels, batch=task.batch))
    clean = ~judge.fooled(task.pictures, task.labels, task.first and task.first[1])[0]
    changed, least, robust = task.pictures.clone(), torch.zeros(len(clean), device=clean.device), clean.clone()
    if bool(clean.any()):
        part = task.only(clean)  # pictures that are misclassified already stay unchanged
        found, fooled = _search(row, part, judge, scores.exact, options.lattice)
        if not options.curve:  # ε itself bounds it where the attack succeeded
            least[clean] = torch.where(fooled, task.epsilon, torch.inf)
        else:
            least[clean], nearest = smallest_epsilon(row, dataclasses.replace(part, scores=scores.own), judge, found, fooled)
            late = ~fooled & (least[clean] <= task.epsilon)  # found by the search for the least ε, not by the attack
            if bool(late.any()):
                found[late] = to_lattice(part.pictures[late], nearest[late], row.norm) if options.lattice else nearest[late]
                fooled[late], _ = judge.fooled(found[late], part.labels[late])
        changed[clean], robust[clean] = found, ~fooled
    saved = [read(changed).to(changed.device).float() / 255 for read in SAVED.values() if options.saving]
    kept = [clean & ~judge.fooled(pictures, task.labels)[0] for pictures in saved]
    return [clean, robust, least, changed, *kept]


def _search(row: Attack, task: Task, judge: Judge, exact: Scores, lattice: bool) -> tuple[Tensor, Tensor]:
    """The pictures after the attack, and which of them are misclassified.

    Those that are so only because of the rounding of a fast search are searched once more with the exact scores.
    """

    def run(task: Task) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        found = row.run(task)
        found = to_lattice(task.pictures, found, row.norm) if lattice else found
        return found, judge.fooled(found, task.labels)

    found, (fooled, seemed) = run(task)
    if bool(seemed.any()) and not row.one_for_all:
        again = dataclasses.replace(task.only(seemed), scores=exact, first=None)
        found[seemed], (fooled[seemed], _) = run(on_lattice(again) if lattice else again)
    return found, fooled
