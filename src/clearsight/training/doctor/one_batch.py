"""Fitting one batch: the loss of the first step against log K, then a few dozen steps on the same pictures, and with shuffled labels.

A. Karpathy, A recipe for training neural networks, 2019: verify the loss at the start, overfit one batch. A network that cannot fit
32 pictures will not fit thousands.
"""

import math
import time
from dataclasses import dataclass

import torch

from ...base.randomness import key
from ..context import TrainingContext
from ..interrupt import NotFinite
from ..objectives.objective import Objective
from ..optim import schedule
from .diagnosis import GOOD, LOOK, STOP, Finding, RangeTest, rounded
from .trial import Trial, batch_of

PICTURES, STEPS = 32, 60
NEAR, FALLING = 0.1, 0.7  # of log K, or of the first loss: fitted; falling
START = 2.0  # times log K, from which the first loss is worth a look
SLACK = 1.0  # nats: with few classes a factor alone is too strict
WARMUP = 0.2
TELLING = 30  # steps: fewer tell nothing


@dataclass(frozen=True)
class Fit:
    """A batch fitted for `steps` steps: mean loss at first and at last, the share that is right at last; `broken` the layer not finite."""

    first: float
    last: float
    right: float
    steps: int
    lr: float
    broken: str = ""

    @property
    def fitted(self) -> bool:
        """Whether the loss is near zero, or every picture right."""
        return not self.broken and (self.last <= NEAR * self.first or self.right == 1)

    @property
    def words(self) -> str:
        """The losses as `2.31 → 0.04 in 40 steps`."""
        end = f"not finite in {self.broken}" if self.broken else f"{self.last:.2g}"
        return f"{self.first:.2f} → {end} in {self.steps} steps"


def fit(
    context: TrainingContext, objective: Objective, lr: float, seconds: float, *, shuffled: bool = False, pictures: int = PICTURES
) -> Fit:
    """Train a copy on one batch of labelled pictures, not augmented, until it is fitted, by a triangle of learning rates up to `lr`."""
    index = batch_of(context, min(pictures, context.recipe.batch), labelled=True)
    labels = None
    if shuffled:
        labels = context.train.labels.clone()
        draw = torch.Generator().manual_seed(key(context.recipe.seed, "shuffled batch"))
        labels[index] = labels[index][torch.randperm(len(index), generator=draw)]
    trial = Trial(context, objective, plain=True, labels=labels)
    images, begun = context.train.batch(index), time.monotonic()
    first = last = right = float("nan")
    for step in range(STEPS):
        progress = max(step / STEPS, (time.monotonic() - begun) / seconds) if step else 0.0
        if progress >= 1:
            return Fit(first, last, right, step, lr)
        factor = schedule.factor("triangle", progress, WARMUP)
        try:
            last, right = trial.step(index, lr * factor, images)
        except NotFinite as error:
            return Fit(first, last, right, step, lr, error.layer)
        first = last if step == 0 else first
        if Fit(first, last, right, step, lr).fitted and step >= 5:
            break
    return Fit(first, last, right, step + 1, lr)


def judge_start(loss: float, classes: int, kept_head: bool) -> Finding:
    """The finding on the first step's mean cross-entropy, which of even answers is log K; trained heads may begin below."""
    even = math.log(classes)
    figures = {"loss": loss, "log_classes": even}
    words = f"loss {loss:.2f} at the first step, log {classes} = {even:.2f} for even answers"
    if not math.isfinite(loss):
        return Finding("first loss", STOP, "the first loss is not finite", "--speed plain", figures)
    if loss > START * even + SLACK:
        return Finding("first loss", LOOK, f"{words}: the network begins sure of wrong answers", "--lr or --model", figures)
    if loss < even / START and not kept_head:
        return Finding("first loss", LOOK, f"{words}: labels may be visible in the inputs", "clearsight check DATA", figures)
    return Finding("first loss", GOOD, words, figures=figures)


def judge_fit(own: Fit, control: Fit | None, again: Fit | None, tested: RangeTest | None) -> Finding:
    """The finding on one batch fitted with its own labels, with shuffled ones, and `again` at the rate that the range test suggests."""
    shuffled = f" (labels shuffled: {control.words})" if control else ""
    words = f"loss {own.words}{shuffled}"
    figures = {"own": own, "shuffled": control, "again": again}
    if own.steps < TELLING and not own.broken and not own.fitted:
        return Finding("one batch", GOOD, f"{words}: too few steps in the time to tell", figures=figures)
    if own.fitted:
        return Finding("one batch", GOOD, words, figures=figures)
    if again and again.fitted:
        verdict = STOP if own.broken or own.last > own.first else LOOK
        return Finding("one batch", verdict, f"{words}; at a rate of {again.lr:.2g}: {again.words}", f"--lr {rounded(again.lr):g}", figures)
    if not own.broken and own.last <= FALLING * own.first:
        return Finding("one batch", GOOD, f"{words}: falling", figures=figures)
    hint = f"--lr {rounded(tested.suggestion):g}" if tested and tested.suggestion else "--model"
    verdict = STOP if own.broken or own.last > 0.95 * own.first else LOOK
    return Finding("one batch", verdict, f"{words}: the network does not even fit this one batch", hint, figures)
