"""The learning-rate range test: the loss while the rate rises, the suggestion from it, and where the recipe's rate lies."""

import math
import time
from collections.abc import Sequence

from ...recipes.recipe import Recipe
from ...recipes.scaling import scaled
from ..context import TrainingContext
from ..interrupt import NotFinite
from ..objectives.objective import Objective
from .diagnosis import GOOD, LOOK, STOP, Finding, RangeTest, rounded
from .trial import Trial, batch_of

LOW, HIGH, STEPS, FEWEST = 1e-5, 10.0, 60, 24
SMOOTHING = 0.8
TELLING = 12  # steps: fewer tell nothing
RISE = 1.5  # times the first smoothed loss; and four times the lowest, as in fastai
FAR = 10.0  # times the rate at which the loss diverges: beyond, no training holds
SLOW = 100.0  # times below the suggestion
FALL = 0.98  # of the first smoothed loss: no lower is no fall


def range_test(context: TrainingContext, objective: Objective, batch: int, steps: int, seconds: float) -> RangeTest:
    """The losses of a copy of the training on batches of `batch` at rates from 1e-5 to 10, or until they diverge."""
    trial, rates, losses = Trial(context, objective), [], []
    mean, progress, diverged, begun = 0.0, 0.0, None, time.monotonic()
    for step in range(steps):
        # on a machine that is slower than it was measured, larger strides, so that the test always reaches its end
        progress = max(progress + 1 / (steps - 1), (time.monotonic() - begun) / seconds) if step else 0.0
        if progress > 1 + 1e-9:
            break
        rate = LOW * (HIGH / LOW) ** progress
        try:
            loss, _ = trial.step(batch_of(context, batch, step), rate)
        except NotFinite:
            diverged = rate
            break
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
        rates.append(rate)
        losses.append(mean / (1 - SMOOTHING ** (step + 1)))
        if losses[-1] > max(RISE * losses[0], 4 * min(losses)):
            diverged = rate
            break
    factor = scaled(1.0, context.recipe.optimizer, batch, context.recipe.batch)
    place = valley(losses)
    return RangeTest(
        tuple(rate * factor for rate in rates),
        tuple(losses),
        context.recipe.lr,
        batch,
        rates[place] * factor if place is not None else None,
        diverged * factor if diverged is not None else None,
    )


def valley(losses: Sequence[float]) -> int | None:
    """The place halfway along the longest falling subsequence of `losses`, as fastai's `valley`; None where they hardly fall."""
    if len(losses) < 3 or min(losses) > FALL * losses[0]:
        return None
    longest, before = [1] * len(losses), list(range(len(losses)))
    for i in range(1, len(losses)):
        for j in range(i):
            if losses[i] < losses[j] and longest[i] <= longest[j] + 1:  # of equal ones the latest start
                longest[i], before[i] = longest[j] + 1, j
    end = max(range(len(losses)), key=longest.__getitem__)
    start = end
    while before[start] != start:
        start = before[start]
    return start + (end - start) // 2


def judge_rate(tested: RangeTest) -> Finding:
    """The finding on the recipe's learning rate by the range test."""
    lr, suggestion, diverged = tested.lr, tested.suggestion, tested.diverged
    figures = {"lr": lr, "suggestion": suggestion, "diverged": diverged, "steps": len(tested.losses), "batch": tested.batch}
    option = f"--lr {rounded(suggestion):g}" if suggestion else ""
    end = f"diverges from {diverged:.2g}" if diverged else f"holds up to {tested.rates[-1]:.2g}" if tested.rates else "has no steps"
    words = f"lr {lr:g}; the loss {end}" + (f", falls best near {suggestion:.2g}" if suggestion else ", and falls at no rate below")
    if diverged and lr >= FAR * diverged:
        return Finding(
            "learning rate", STOP, f"{words}: {lr / diverged:,.0f} times too large", option or f"--lr {rounded(diverged / 10):g}", figures
        )
    if diverged and lr > diverged:
        return Finding("learning rate", LOOK, f"{words}: too large", option or f"--lr {rounded(diverged / 10):g}", figures)
    if suggestion is None and not diverged and len(tested.losses) < TELLING:
        return Finding("learning rate", GOOD, f"lr {lr:g}; too few steps in the time to tell", figures=figures)
    if suggestion is None:
        return Finding("learning rate", LOOK, words, "--lr", figures)
    if lr < suggestion / SLOW:
        return Finding("learning rate", LOOK, f"{words}: {suggestion / lr:,.0f} times smaller than that", option, figures)
    return Finding("learning rate", GOOD, words, figures=figures)


def affordable(seconds_a_picture: float, seconds: float, recipe: Recipe) -> tuple[int, int]:
    """The batch and the number of steps of a range test within `seconds`: fewer steps first, then a smaller batch."""
    steps = min(STEPS, max(FEWEST, math.floor(seconds / max(seconds_a_picture * recipe.batch, 1e-9))))
    return max(8, min(recipe.batch, math.floor(seconds / max(steps * seconds_a_picture, 1e-9)))), steps
