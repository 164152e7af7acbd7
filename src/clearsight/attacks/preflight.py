"""The known ways to fool oneself about robustness, each looked for on some pictures and said in plain words.

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
from ..base.errors import UsageError
from ..base.randomness import uniform
from ..base.undisturbed import undisturbed
from ..classifier import Classifier
from .apgd import apgd
from .gradient import climb
from .gradient_ascent import NORMS, per_picture, random_start, slope
from .square import margin, square
from .task import Task

PICTURES = 64
STEPS, WAY = 20, 2.5  # of PGD here, and how far it goes in units of ε
QUERIES = 200
DRAWS = 8  # a defence that chooses between two things at random is overlooked once in 128
FEW = 0.05  # share of pictures that may differ by chance


class Trial:
    """What the checks look at: up to 64 pictures that are classified right, and short attacks on them, each run once.

    `fooled` are masks `(N,)`.
    """

    def __init__(self, task: Task, levels: Tensor, norm: str, way: float) -> None:
        self.task, self.levels, self.norm, self.way = task, levels, norm, way
        self.n = len(task.pictures)

    @cached_property
    def gradient(self) -> Tensor | None:
        """The gradient of the cross-entropy; None where there is none."""
        try:
            return slope(self.task.scores, self.task.pictures, self.task.labels)[0]
        except UsageError:
            return None

    @cached_property
    def noise(self) -> Tensor:
        """Fooled by a random change."""
        task = self.task
        return task.fooled(random_start(task.pictures, per_picture(task.epsilon, task.pictures), NORMS[self.norm], task.indices, 1))

    @cached_property
    def fgsm(self) -> Tensor:
        """Fooled by one step."""
        return self.task.fooled(climb(self.task, norm=self.norm, steps=1, step=1.0))

    def _pgd(self, steps: int, **changes: Any) -> Tensor:
        task = dataclasses.replace(self.task, **changes)
        return task.fooled(climb(task, norm=self.norm, steps=steps, step=WAY / STEPS, random=True))

    @cached_property
    def pgd(self) -> Tensor:
        """Fooled by PGD."""
        return self._pgd(STEPS)

    @cached_property
    def longer(self) -> Tensor:
        """Fooled by PGD of twice as many steps."""
        return self._pgd(2 * STEPS)

    def missed_by_pgd(self, fooled: Tensor) -> float:
        """Share of the pictures that are fooled, and by PGD not."""
        return float((fooled & ~self.pgd).float().mean())


def _range(trial: Trial) -> tuple[bool, str]:
    brightest, epsilon = int(trial.levels.max()), trial.task.epsilon
    if brightest <= 1:
        return False, f"the brightest pixel is {brightest} of 255 levels: pictures in [0, 1] were taken for uint8"
    if trial.norm == "linf" and epsilon > 0.5:
        return False, f"ε = {epsilon:g} is {epsilon * 255:g} of 255 levels, more than half of the range: was {epsilon:g}/255 meant?"
    return True, f"pictures have levels 0 to {brightest} of 255; ε = {epsilon:.4g} is {epsilon * 255:.3g} levels ({trial.norm})"


def _randomness(trial: Trial) -> tuple[bool, str]:
    with torch.no_grad():
        first, *again = (trial.task.scores(trial.task.pictures) for _ in range(DRAWS))
    apart = max(float((first - one).abs().max()) for one in again)
    if apart > 1e-5 * float(first.abs().max().clamp_min(1)):
        return False, f"the same pictures got logits {apart:.2g} apart: average the gradient over several draws, or take the draw away"
    return True, "the same pictures get the same logits"


def _alone(trial: Trial) -> tuple[bool, str]:
    few = trial.task.pictures[:8]
    with torch.no_grad():
        together, alone = trial.task.scores(trial.task.pictures)[: len(few)], torch.cat([trial.task.scores(one[None]) for one in few])
    apart = float((together - alone).abs().max())
    if apart > 1e-3 * float(together.abs().max().clamp_min(1)):
        return False, f"a picture alone gets logits {apart:.2g} from those in a batch: a layer looks at the whole batch"
    return True, "a picture gets the same logits alone and in a batch"


def _gradients(trial: Trial) -> tuple[bool, str]:
    if trial.gradient is None:
        return False, "the scores have no gradient by the picture: only black-box attacks mean something here"
    flat = trial.gradient.flatten(1)
    bad, flatly = ~flat.isfinite().all(1), (flat == 0).all(1)
    if float((bad | flatly).float().mean()) > FEW:
        return False, f"{int(flatly.sum())} of {trial.n} gradients are zero, {int(bad.sum())} not finite: the attack goes nowhere there"
    return True, f"{int(flatly.sum())} of {trial.n} gradients are zero, all are finite" if not bad.any() else f"{int(bad.sum())} not finite"


def _saturated(trial: Trial) -> tuple[bool, str]:
    with torch.no_grad():
        logits = trial.task.scores(trial.task.pictures)
    ahead = -margin(logits, trial.task.labels)
    share = float((ahead > 30).float().mean())  # exp(-30) is a gradient of 1e-13
    if share > FEW:
        return (
            False,
            f"{share:.0%} of the labels lead by more than 30, so that softmax says 1 and its gradient dies: use apgd-dlr or apgd-t",
        )
    return True, f"labels lead by {float(ahead.median()):.3g} in the middle: softmax is not saturated"


def _quantised(trial: Trial) -> tuple[bool, str]:
    task = trial.task
    draws = uniform(2, 0, task.indices, "tremble", task.pictures[0].numel()).to(task.pictures).view_as(task.pictures)
    inner = task.pictures.clamp(1 / 64, 63 / 64)
    with torch.no_grad():
        still = (task.scores(inner) == task.scores(inner + (draws - 0.5) / 512)).all(1)
    share = float(still.float().mean())
    if share > FEW:
        return False, f"moved by up to a quarter of a level, {share:.0%} of the pictures get the very same logits: the input is quantised"
    return True, "the logits follow changes of a quarter of a level"


def _slope(trial: Trial) -> tuple[bool, str]:
    """The margin's rise along its own gradient, promised and measured; the margin does not saturate as softmax does."""
    task, way = trial.task, 1 / 1024
    if trial.gradient is None:
        return False, "there is no gradient to compare with"
    inner = task.pictures.clamp(1 / 64, 63 / 64)
    gradient, _ = slope(task.scores, inner, task.labels, margin)
    direction = gradient.sign()
    with torch.no_grad():
        ends = [margin(task.scores(inner + sign * way * direction), task.labels) for sign in (1, -1)]
    promised, measured = (gradient * direction).flatten(1).sum(1), (ends[0] - ends[1]) / (2 * way)
    share = float(((measured > promised / 2) & (measured < promised * 2)).float().mean())
    if share < 0.5:
        return (
            False,
            f"a small step along the gradient does what the gradient says for {share:.0%} of the pictures only: it is not the real one",
        )
    return True, f"a small step along the gradient does what the gradient says for {share:.0%} of the pictures"


def _way(trial: Trial) -> tuple[bool, str]:
    if not trial.way:
        return True, "the attack has no steps, or one as long as ε"
    if trial.way < 2:
        return (
            False,
            f"all steps together are {trial.way:.2g} ε: from one side of the ball to the other it is 2 ε; take more or longer steps",
        )
    return True, f"all steps together are {trial.way:.2g} ε, enough to cross the ball"


def _order(trial: Trial) -> tuple[bool, str]:
    noise, fgsm, pgd = (1 - float(mask.float().mean()) for mask in (trial.noise, trial.fgsm, trial.pgd))
    says = f"right after noise {noise:.0%}, after FGSM {fgsm:.0%}, after PGD {pgd:.0%}"
    return noise >= fgsm - FEW and fgsm >= pgd - FEW, f"{says}: more effort must not leave more"


def _doubled(trial: Trial) -> tuple[bool, str]:
    more = trial.missed_by_pgd(trial.longer)
    return more <= FEW, f"with twice the steps PGD fools {more:.0%} more" + (": it was not finished" if more > FEW else "")


def _other_loss(trial: Trial) -> tuple[bool, str]:
    more = trial.missed_by_pgd(trial.task.fooled(apgd(trial.task, loss="dlr", norm=trial.norm, steps=STEPS)))
    return more <= FEW, f"the DLR loss, which no scale of the logits changes, fools {more:.0%} that cross-entropy does not"


def _black_box(trial: Trial) -> tuple[bool, str]:
    if trial.norm != "linf":
        return True, f"not measured in {trial.norm}"
    more = trial.missed_by_pgd(trial.task.fooled(square(trial.task, queries=QUERIES)))
    says = f"a black box (Square, {QUERIES} queries) fools {more:.0%} that PGD does not"
    return more <= FEW, says + (": the gradient hides something" if more > FEW else "")


def _everything(trial: Trial) -> tuple[bool, str]:
    whole = float(NORMS[trial.norm].size(torch.ones_like(trial.task.pictures[:1])))
    left = 1 - float(trial._pgd(STEPS, epsilon=whole).float().mean())
    return left <= FEW, f"with ε as large as the range PGD leaves {left:.0%} right" + (": it must be 0 %" if left > FEW else "")


# those after "gradients" run the gradient attack, and mean nothing without a gradient
STILL: dict[str, Callable[[Trial], tuple[bool, str]]] = {
    "range": _range, "randomness": _randomness, "batch": _alone, "gradients": _gradients, "saturation": _saturated,
    "quantisation": _quantised, "slope": _slope, "way": _way,
}  # fmt: skip
RUN: dict[str, Callable[[Trial], tuple[bool, str]]] = {
    "order": _order, "doubled steps": _doubled, "other loss": _other_loss, "black box": _black_box, "ε to 1": _everything,
}  # fmt: skip


def _mode(models: Iterable[nn.Module]) -> Check:
    busy = {type(layer).__name__ for model in models for layer in model.modules() if layer.training and not list(layer.children())}
    if busy:
        return Check(
            "mode", False, f"in training mode: {', '.join(sorted(busy))}; dropout and batch norm act differently then: call eval()"
        )
    return Check("mode", True, "every layer is in evaluation mode")


def preflight(
    classifier: Classifier, pictures: Tensor, labels: Tensor, *, epsilon: float, norm: str = "linf", way: float = 0.0, seed: int = 0
) -> list[Check]:
    """Every check on up to 64 of `pictures`, fitted uint8 `(n, C, H, W)`, that are classified right.

    `norm` and `way`, the length of all steps together in units of ε (0: does not apply), are those of the attack that is meant.
    """
    checks = [_mode([classifier.model])]
    most = min(PICTURES, classifier.batch)
    with undisturbed(classifier.model, freeze=True):
        some, known = pictures[: 4 * most].to(classifier.device), labels[: 4 * most].to(classifier.device)
        task = Task(classifier.scores, some.float() / 255, known, epsilon, torch.arange(len(some), device=some.device), seed, batch=most)
        right = torch.nonzero(~task.fooled(task.pictures))[:most, 0]
        if not len(right):
            return [*checks, Check("clean", False, f"none of {len(some)} pictures is classified right: there is nothing to attack")]
        trial = Trial(task.only(right), some, norm if norm in NORMS else "linf", way)
        checks += [Check(name, *check(trial)) for name, check in STILL.items()]
        if trial.gradient is None:
            return checks
        return checks + [Check(name, *check(trial)) for name, check in RUN.items()]
