"""Preflight: the known mistakes of robustness evaluations, each tested for on a few pictures.

N. Carlini et al., On evaluating adversarial robustness, 2019; A. Athalye, N. Carlini, D. Wagner, Obfuscated gradients give a false
sense of security, ICML 2018.
"""

import dataclasses
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from ..base.check import Check
from ..base.compute.undisturbed import undisturbed
from ..base.errors import UsageError
from ..base.randomness import uniform
from ..classifier import Classifier
from .gradient_ascent import NORMS, grad_and_logits, per_picture, random_start
from .methods.apgd import apgd
from .methods.pgd import pgd
from .methods.square import margin, square
from .task import Task

PICTURES = 64
STEPS, PATH_LENGTH = 20, 2.5  # of PGD here; the path length in units of ε
QUERIES = 200
DRAWS = 8  # a defence that chooses between two things at random is overlooked once in 128
FEW = 0.05  # share of pictures that may differ by chance


class Trial:
    """Up to 64 correctly classified pictures, and short attacks on them, each run once; their results are masks `(N,)` of success."""

    def __init__(self, task: Task, levels: Tensor, norm: str, path_length: float) -> None:
        self.task, self.levels, self.norm, self.path_length = task, levels, norm, path_length
        self.n = len(task.pictures)

    @cached_property
    def gradient(self) -> Tensor | None:
        """The gradient of the cross-entropy; None for scores without a gradient."""
        try:
            return grad_and_logits(self.task.scores, self.task.pictures, self.task.labels)[0]
        except UsageError:
            return None

    @cached_property
    def noise(self) -> Tensor:
        """Misclassified after a random change."""
        task = self.task
        return task.fooled(random_start(task.pictures, per_picture(task.epsilon, task.pictures), NORMS[self.norm], task.indices, 1))

    @cached_property
    def fgsm(self) -> Tensor:
        """Misclassified after one step."""
        return self.task.fooled(pgd(self.task, norm=self.norm, steps=1, step=1.0))

    def _pgd(self, steps: int, **changes: Any) -> Tensor:
        task = dataclasses.replace(self.task, **changes)
        return task.fooled(pgd(task, norm=self.norm, steps=steps, step=PATH_LENGTH / STEPS, random=True))

    @cached_property
    def pgd(self) -> Tensor:
        """Misclassified after PGD."""
        return self._pgd(STEPS)

    @cached_property
    def longer(self) -> Tensor:
        """Misclassified after PGD of twice as many steps."""
        return self._pgd(2 * STEPS)

    def missed_by_pgd(self, fooled: Tensor) -> float:
        """Fraction of the pictures that are in `fooled` but survive PGD."""
        return float((fooled & ~self.pgd).float().mean())


def _range(trial: Trial) -> tuple[bool, str]:
    brightest, epsilon = int(trial.levels.max()), trial.task.epsilon
    if brightest <= 1:
        return False, f"the brightest pixel is {brightest} of 255 levels: were pictures in [0, 1] passed as uint8?"
    if trial.norm == "linf" and epsilon > 0.5:
        return False, f"ε = {epsilon:g} is {epsilon * 255:g} of 255 levels, more than half of the range: was {epsilon:g}/255 meant?"
    return True, f"pictures have levels 0 to {brightest} of 255; ε = {epsilon:.4g} is {epsilon * 255:.3g} levels ({trial.norm})"


def _randomness(trial: Trial) -> tuple[bool, str]:
    with torch.no_grad():
        first, *again = (trial.task.scores(trial.task.pictures) for _ in range(DRAWS))
    apart = max(float((first - one).abs().max()) for one in again)
    if apart > 1e-5 * float(first.abs().max().clamp_min(1)):
        return False, f"the same pictures got logits {apart:.2g} apart: average the gradient over several draws, or remove the randomness"
    return True, "the same pictures get the same logits"


def _independent_of_batch(trial: Trial) -> tuple[bool, str]:
    few = trial.task.pictures[:8]
    with torch.no_grad():
        together, alone = trial.task.scores(trial.task.pictures)[: len(few)], torch.cat([trial.task.scores(one[None]) for one in few])
    apart = float((together - alone).abs().max())
    if apart > 1e-3 * float(together.abs().max().clamp_min(1)):
        return False, f"a picture alone gets logits {apart:.2g} from those in a batch: a layer depends on the whole batch"
    return True, "a picture gets the same logits alone and in a batch"


def _gradients(trial: Trial) -> tuple[bool, str]:
    if trial.gradient is None:
        return False, "the scores have no gradient with respect to the picture: only black-box attacks are meaningful"
    flat = trial.gradient.flatten(1)
    bad, flatly = ~flat.isfinite().all(1), (flat == 0).all(1)
    if float((bad | flatly).float().mean()) > FEW:
        return (
            False,
            f"{int(flatly.sum())} of {trial.n} gradients are zero, {int(bad.sum())} not finite: no progress there",
        )
    return True, f"{int(flatly.sum())} of {trial.n} gradients are zero, all are finite" if not bad.any() else f"{int(bad.sum())} not finite"


def _saturated(trial: Trial) -> tuple[bool, str]:
    with torch.no_grad():
        logits = trial.task.scores(trial.task.pictures)
    ahead = -margin(logits, trial.task.labels)
    share = float((ahead > 30).float().mean())  # exp(-30) is a gradient of 1e-13
    if share > FEW:
        return (
            False,
            f"{share:.0%} of the labels lead by more than 30, so that softmax is 1 and its gradient vanishes: use apgd-dlr or apgd-t",
        )
    return True, f"the median lead of the label is {float(ahead.median()):.3g}: softmax is not saturated"


def _quantised(trial: Trial) -> tuple[bool, str]:
    task = trial.task
    draws = uniform(2, 0, task.indices, "tremble", task.pictures[0].numel()).to(task.pictures).view_as(task.pictures)
    inner = task.pictures.clamp(1 / 64, 63 / 64)
    with torch.no_grad():
        still = (task.scores(inner) == task.scores(inner + (draws - 0.5) / 512)).all(1)
    share = float(still.float().mean())
    if share > FEW:
        return (
            False,
            f"moved by up to a quarter of a level, {share:.0%} of the pictures get equal logits: the input is quantised",
        )
    return True, "the logits follow changes of a quarter of a level"


def _gradient_is_real(trial: Trial) -> tuple[bool, str]:
    """The rise of the margin along its gradient, predicted and measured; unlike softmax, the margin does not saturate."""
    task, way = trial.task, 1 / 1024
    if trial.gradient is None:
        return False, "there is no gradient to compare with"
    inner = task.pictures.clamp(1 / 64, 63 / 64)
    gradient, _ = grad_and_logits(task.scores, inner, task.labels, margin)
    direction = gradient.sign()
    with torch.no_grad():
        ends = [margin(task.scores(inner + sign * way * direction), task.labels) for sign in (1, -1)]
    predicted, measured = (gradient * direction).flatten(1).sum(1), (ends[0] - ends[1]) / (2 * way)
    share = float(((measured > predicted / 2) & (measured < predicted * 2)).float().mean())
    if share < 0.5:
        return (
            False,
            f"a small step along the gradient has the predicted effect for {share:.0%} of the pictures only: the gradient is wrong",
        )
    return True, f"a small step along the gradient has the predicted effect for {share:.0%} of the pictures"


def _path_length(trial: Trial) -> tuple[bool, str]:
    if not trial.path_length:
        return True, "the attack has no steps, or one as long as ε"
    if trial.path_length < 2:
        return (
            False,
            f"all steps together are {trial.path_length:.2g} ε, but crossing the ball takes 2 ε: take more or longer steps",
        )
    return True, f"all steps together are {trial.path_length:.2g} ε, enough to cross the ball"


def _order(trial: Trial) -> tuple[bool, str]:
    noise, fgsm, pgd = (1 - float(mask.float().mean()) for mask in (trial.noise, trial.fgsm, trial.pgd))
    says = f"right after noise {noise:.0%}, after FGSM {fgsm:.0%}, after PGD {pgd:.0%}"
    return noise >= fgsm - FEW and fgsm >= pgd - FEW, f"{says}: a stronger attack must not leave a higher accuracy"


def _doubled(trial: Trial) -> tuple[bool, str]:
    more = trial.missed_by_pgd(trial.longer)
    return more <= FEW, f"with twice the steps PGD fools {more:.0%} more" + (": it had not converged" if more > FEW else "")


def _other_loss(trial: Trial) -> tuple[bool, str]:
    more = trial.missed_by_pgd(trial.task.fooled(apgd(trial.task, loss="dlr", norm=trial.norm, steps=STEPS)))
    return more <= FEW, f"the DLR loss, which is invariant to the scale of the logits, fools {more:.0%} that cross-entropy does not"


def _black_box(trial: Trial) -> tuple[bool, str]:
    if trial.norm != "linf":
        return True, f"not measured in {trial.norm}"
    more = trial.missed_by_pgd(trial.task.fooled(square(trial.task, queries=QUERIES)))
    says = f"a black box (Square, {QUERIES} queries) fools {more:.0%} that PGD does not"
    return more <= FEW, says + (": the gradients are masked" if more > FEW else "")


def _unbounded(trial: Trial) -> tuple[bool, str]:
    whole = float(NORMS[trial.norm].size(torch.ones_like(trial.task.pictures[:1])))
    left = 1 - float(trial._pgd(STEPS, epsilon=whole).float().mean())
    return left <= FEW, f"with ε as large as the range PGD leaves an accuracy of {left:.0%}" + (": it must be 0 %" if left > FEW else "")


# the checks of RUN attack by gradients, and are meaningless without a gradient
STILL: dict[str, Callable[[Trial], tuple[bool, str]]] = {
    "range": _range, "randomness": _randomness, "batch": _independent_of_batch, "gradients": _gradients, "saturation": _saturated,
    "quantisation": _quantised, "slope": _gradient_is_real, "way": _path_length,
}  # fmt: skip
RUN: dict[str, Callable[[Trial], tuple[bool, str]]] = {
    "order": _order, "doubled steps": _doubled, "other loss": _other_loss, "black box": _black_box, "ε to 1": _unbounded,
}  # fmt: skip


def _mode(models: Iterable[nn.Module]) -> Check:
    busy = {type(layer).__name__ for model in models for layer in model.modules() if layer.training and not list(layer.children())}
    if busy:
        return Check(
            "mode", False, f"in training mode: {', '.join(sorted(busy))}; dropout and batch norm behave differently there: call eval()"
        )
    return Check("mode", True, "every layer is in evaluation mode")


def preflight(
    classifier: Classifier, pictures: Tensor, labels: Tensor, *, epsilon: float, norm: str = "linf", path_length: float = 0.0, seed: int = 0
) -> list[Check]:
    """Every check, on up to 64 of `pictures`, fitted uint8 `(n, C, H, W)`, that are classified right.

    `norm` and `path_length`, the length of all steps together in units of ε (0: does not apply), are those of the attack that is planned.
    """
    checks = [_mode([classifier.model])]
    most = min(PICTURES, classifier.batch)
    with undisturbed(classifier.model, freeze=True):
        some, known = pictures[: 4 * most].to(classifier.device), labels[: 4 * most].to(classifier.device)
        task = Task(classifier.scores, some.float() / 255, known, epsilon, torch.arange(len(some), device=some.device), seed, batch=most)
        right = torch.nonzero(~task.fooled(task.pictures))[:most, 0]
        if not len(right):
            return [*checks, Check("clean", False, f"none of {len(some)} pictures is classified correctly: there is nothing to attack")]
        trial = Trial(task.only(right), some, norm if norm in NORMS else "linf", path_length)
        checks += [Check(name, *check(trial)) for name, check in STILL.items()]
        if trial.gradient is None:
            return checks
        return checks + [Check(name, *check(trial)) for name, check in RUN.items()]
