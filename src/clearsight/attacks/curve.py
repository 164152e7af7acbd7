"""The smallest ε that fools each picture, from which the accuracy at every ε follows: one search, not a run per ε.

A change that fools is drawn back towards the picture as long as it still fools: one of a single step to the levels of the curve, so
that each has the very answer of a run there. Attacks of many steps then climb on, each picture in
a ball of its own that shrinks where it is fooled and grows where it is not (J. Rony et al., Decoupling direction and norm, CVPR
2019). What was not fooled at ε goes on in larger balls. What is found bounds the smallest ε from above, and has been seen to fool
without the rounding of the search.
"""

import dataclasses

import torch
from torch import Tensor

from ..images.perturb import NORMS, Norm, ascend, slope
from .judge import Judge
from .square import margin
from .table import Attack
from .task import Task

LEVELS = (0.125, 0.25, 0.375, 0.5, 0.75, 1.0, 1.5, 2.0)  # times ε: the points of the curve
TRIALS, FINE_TRIALS, LAST_TRIALS, LAST = 5, 7, 2, 0.92  # halvings; the last are between this share of a radius and the radius
SHRINKS = (0.4, 0.3, 0.2, 0.12, 0.08, 0.05)  # of the radius, per step
STEP = 0.5  # of the radius
GROWTH = (1.5, 2.0, 3.0, 4.0, 6.0, 8.0)  # times ε
GROWTH_STEPS, GROWTH_STEP = 5, 0.4
MARGINS = (1.0, 1.03, 1.1)  # times what the search found: where it is checked, until it fools


def smallest(row: Attack, task: Task, judge: Judge, changed: Tensor, fooled: Tensor) -> tuple[Tensor, Tensor]:
    """Upper bounds `(N,)` of the least ε of pictures that are right, and the pictures there; inf where nothing up to 8 ε fooled.

    `changed` are the pictures after the attack, `fooled` says which of them fool.
    """
    least = torch.full_like(task.pictures[:, 0, 0, 0], float("inf"))
    if row.norm not in NORMS or not task.epsilon:
        least[fooled] = task.epsilon
        return least, changed
    norm, best = NORMS[row.norm], changed.clone()
    grown, between = _grown(row, task, judge, best, fooled)
    if not row.refined:
        if bool(fooled.any()):
            least[fooled], best[fooled] = _bracketed(task.only(fooled), judge, best[fooled], norm)
        rows = grown & ~fooled
        if row.still:
            least[rows] = between[rows]
        elif bool(rows.any()):
            low = torch.full_like(least[rows], task.epsilon)
            least[rows], best[rows] = drawn_back(task.only(rows), judge, best[rows], norm, low, FINE_TRIALS)
        return least, best
    if bool(grown.any()):
        part = task.only(grown)
        size, near = drawn_back(part, judge, best[grown], norm, torch.zeros_like(least[grown]))
        size, near = _nearer(part, judge, near, norm, size)
        size, near = drawn_back(part, judge, near, norm, LAST * size, LAST_TRIALS)
        if judge.fast:
            size, near = _checked(part, judge, near, norm, best[grown])
        least[grown] = torch.where(fooled[grown], size.clamp_max(task.epsilon), size)  # whose rounding may be above ε
        best[grown] = near
    return least, best


def _grown(row: Attack, task: Task, judge: Judge, best: Tensor, fooled: Tensor) -> tuple[Tensor, Tensor]:
    """Which pictures are fooled once ε may be larger, and between which two; `best` gets what fools them."""
    fooled, between = fooled.clone(), torch.full_like(task.pictures[:, 0, 0, 0], float("inf"))
    before, behind = 1.0, torch.full_like(between, float("nan"))
    for factor in GROWTH:
        left = torch.nonzero(~fooled)[:, 0]
        if not len(left):
            break
        if row.still and before == 1:
            behind[left] = margin(judge.logits(best[left]), task.labels[left])
        part = dataclasses.replace(task.only(left), epsilon=task.epsilon * factor)
        if row.refined:
            best[left] = ascend(
                part.scores, part.pictures, part.labels, part.epsilon,
                norm=NORMS[row.norm], start=best[left], steps=GROWTH_STEPS, step=GROWTH_STEP, batch=part.batch,
            )  # fmt: skip
        else:
            best[left] = row.run(part)
        logits = judge.logits(best[left])
        fooled[left], ahead = judge.fooled(best[left], part.labels, logits)[0], margin(logits, part.labels)
        between[left[fooled[left]]] = task.epsilon * (before + (factor - before) * _share(behind[left], ahead))[fooled[left]]
        behind[left], before = ahead, factor
    return fooled, between


def _share(behind: Tensor, ahead: Tensor) -> Tensor:
    """Where between two margins, of which the second fools, there would be none."""
    return (behind / (behind - ahead)).nan_to_num(1.0).clamp(0.01, 1)


def drawn_back(task: Task, judge: Judge, changed: Tensor, norm: Norm, low: Tensor, trials: int = TRIALS) -> tuple[Tensor, Tensor]:
    """The radius `(N,)` of the smallest ball found into which each of `changed` can be projected and still fool, and what is there.

    By halves between `low` `(N,)` and where it is.
    """
    change = changed - task.pictures
    high = norm.size(change)
    for _ in range(trials):
        middle = (low + high) / 2
        fooled = margin(judge.logits(task.pictures + norm.project(change, _rows(middle))), task.labels) > 0
        low, high = torch.where(fooled, low, middle), torch.where(fooled, middle, high)
    return high, task.pictures + norm.project(change, _rows(high))


def _bracketed(task: Task, judge: Judge, changed: Tensor, norm: Norm) -> tuple[Tensor, Tensor]:
    """What `drawn_back` gives, on LEVELS: between two of them, the upper of which fools, the radius is interpolated.

    The next level tried is the first above where the margins of the two so far would meet.
    """
    change, first = changed - task.pictures, task.first
    levels = torch.tensor([0.0, *(level for level in LEVELS if level <= 1)]).to(change) * task.epsilon
    low, high = torch.zeros_like(task.labels), torch.full_like(task.labels, len(levels) - 1)
    behind = margin(first[1] if first else judge.logits(task.pictures), task.labels)
    ahead = margin(judge.logits(changed), task.labels)
    while len(left := torch.nonzero(high - low > 1)[:, 0]):
        below, above, labels = low[left], high[left], task.labels[left]
        meeting = levels[below] + (levels[above] - levels[below]) * _share(behind[left], ahead[left])
        middle = torch.searchsorted(levels, meeting).clamp(below + 1, above - 1)
        tried = task.pictures[left] + norm.project(change[left], _rows(levels[middle]))
        logits = judge.logits(tried)
        fooled, value = judge.fooled(tried, labels, logits)[0], margin(logits, labels)
        high[left], ahead[left] = torch.where(fooled, middle, above), torch.where(fooled, value, ahead[left])
        low[left], behind[left] = torch.where(fooled, below, middle), torch.where(fooled, behind[left], value)
    between = levels[low] + (levels[high] - levels[low]) * _share(behind, ahead)
    return between, task.pictures + norm.project(change, _rows(levels[high]))


def _nearer(task: Task, judge: Judge, near: Tensor, norm: Norm, size: Tensor) -> tuple[Tensor, Tensor]:
    """Steps up the loss from `near`, which fools at `size` `(N,)`, in balls that follow what is found; the least size and its pictures."""
    now, radius = near, size
    for i, shrink in enumerate((*SHRINKS, 0.0)):
        gradient, logits = slope(task.scores, now, task.labels, batch=task.batch)
        fooled = margin(logits, task.labels) > 0 if i else torch.ones_like(size, dtype=torch.bool)
        reach = norm.size(now - task.pictures)
        better = fooled & (reach < size)
        near, size = torch.where(better[:, None, None, None], now, near), torch.where(better, reach, size)
        if not shrink:
            break
        radius = torch.where(fooled, size * (1 - shrink), torch.minimum(radius * (1 + shrink), size * (1 - shrink / 2)))
        now = now + STEP * _rows(radius) * norm.steepest(gradient, now)
        now = (task.pictures + norm.project(now - task.pictures, _rows(radius))).clamp(0, 1)
    return size, near


def _checked(task: Task, judge: Judge, near: Tensor, norm: Norm, changed: Tensor) -> tuple[Tensor, Tensor]:
    """The sizes `(N,)` and pictures at or a little beyond `near` that fool whatever the rounding; those of `changed` where none does."""
    found, left = changed.clone(), torch.arange(len(near), device=near.device)
    for factor in MARGINS:
        part = task.only(left)
        farther = (part.pictures + factor * (near[left] - part.pictures)).clamp(0, 1)
        fooled, _ = judge.fooled(farther, part.labels)
        found[left[fooled]] = farther[fooled]
        left = left[~fooled]
        if not len(left):
            break
    return norm.size(found - task.pictures), found


def _rows(values: Tensor) -> Tensor:
    return values[:, None, None, None]
