"""The smallest ε that fools each picture, from which the accuracy at every ε follows: one search, not a run per ε.

A change that fools is drawn back towards the picture as long as it still fools: one of a single step to the levels of the curve, so
that each has the very answer of a run there. Attacks of many steps then climb on, each picture in a ball of its own that shrinks
where it is fooled and grows where it is not (J. Rony et al., Decoupling direction and norm, CVPR 2019), by as much as the gradient
says. What was not fooled at ε goes on in larger balls. What is found bounds the smallest ε from above, and has been seen to fool
without the rounding of the search; between two points of the curve, that of a single step is interpolated.
"""

import dataclasses

import torch
from torch import Tensor

from .gradient_ascent import NORMS, TINY, Norm, ascend, slope
from .mixed_precision import Judge
from .square import margin
from .table import Attack
from .task import Task

LEVELS = (0.125, 0.25, 0.375, 0.5, 0.75, 1.0, 1.5, 2.0)  # times ε: the points of the curve
FINE_TRIALS, LAST_TRIALS, LAST = 7, 2, 0.92  # halvings; the last are between this share of a radius and the radius
SHRINKS = {"linf": (0.65, 0.55, 0.4, 0.2), "l2": (0.5, 0.45, 0.4, 0.3, 0.15), "l1": (0.5, 0.45, 0.4, 0.3, 0.15)}  # of the radius, at most
STEP = 0.5  # of the radius
TRIALS = 4  # radii for which a gradient is asked
BENT, LEAST = 15, 0.998  # a step gets more room, by this part of a shrink, than a straight margin needs, and less than there was
GROWTH = (1.5, 2.0, 3.0, 4.0, 6.0, 8.0)  # times ε
GROWTH_STEPS, GROWTH_STEP = 5, 0.4
ROUNDING, CLOSE = 1 + 1e-6, 1.1  # times ε: what is ε itself, and where bfloat16 may have missed it
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
        part, rows = task.only(grown), torch.arange(int(grown.sum()), device=best.device)
        found = [_nearer(part.only(some), judge, best[grown][some], row.norm) for some in rows.split(task.batch)]
        size, near = (torch.cat(values) for values in zip(*found, strict=True))
        if judge.fast:
            size, near = _checked(part, judge, near, norm, best[grown])
        within = fooled[grown] | (size <= ROUNDING * task.epsilon)  # a size may be above ε by its own rounding
        least[grown], best[grown] = torch.where(within, size.clamp_max(task.epsilon), size), near
    if judge.fast:
        _again(row, task, judge, least, best, fooled)
    return least, best


def _again(row: Attack, task: Task, judge: Judge, least: Tensor, best: Tensor, fooled: Tensor) -> None:
    """Search without rounding for whom a little less would fool at ε, or whom nothing fooled; `least` and `best` get what is smaller."""
    rows = (least > task.epsilon) & ((least <= CLOSE * task.epsilon) | least.isinf())
    if bool(rows.any()):
        part, exact = dataclasses.replace(task.only(rows), scores=judge.exact, first=None), Judge(judge.exact, None, judge.batch)
        size, near = smallest(row, part, exact, best[rows], fooled[rows])
        smaller = size < least[rows]
        least[rows] = torch.where(smaller, size, least[rows])
        best[rows] = torch.where(_rows(smaller), near, best[rows])


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


def drawn_back(task: Task, judge: Judge, changed: Tensor, norm: Norm, low: Tensor, trials: int) -> tuple[Tensor, Tensor]:
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


def _nearer(task: Task, judge: Judge, near: Tensor, name: str) -> tuple[Tensor, Tensor]:
    """Steps up the margin from `near`, which fools, in balls that become smaller; the least size that fools `(N,)`, and what is there.

    Each ball is the least in which the step would still fool, if the margin were as straight as its gradient says.
    """
    norm, origin, now = NORMS[name], task.pictures, near
    size = norm.size(near - origin)
    for i, shrink in enumerate(SHRINKS[name]):
        gradient, logits = slope(task.scores, now, task.labels, margin)
        ahead, reach = margin(logits, task.labels), norm.size(now - origin)
        fooled = ahead > 0 if i else torch.ones_like(size, dtype=torch.bool)
        near, size = _better(near, size, now, reach, fooled)
        change = (now + STEP * _rows(reach) * norm.steepest(gradient, now)).clamp(0, 1) - origin
        rest = ahead - (gradient * (now - origin)).flatten(1).sum(1)
        low, high = (1 - shrink) * size, size
        low = torch.where(fooled, low, torch.maximum(low, torch.minimum((1 + shrink / 4) * reach, (1 - shrink / 2) * size)))
        for trial in range(TRIALS):
            middle = (low + high) / 2 if trial else low
            would = rest + (gradient * norm.project(change, _rows(middle))).flatten(1).sum(1) > 0
            low, high = torch.where(would, low, middle), torch.where(would, middle, high)
        now = origin + norm.project(change, _rows(torch.minimum((1 + shrink / BENT) * high, LEAST * size)))
    near, size = _better(near, size, now, norm.size(now - origin), margin(judge.logits(now), task.labels) > 0)
    return drawn_back(task, judge, near, norm, LAST * size, LAST_TRIALS)


def _better(near: Tensor, size: Tensor, now: Tensor, reach: Tensor, fooled: Tensor) -> tuple[Tensor, Tensor]:
    better = fooled & (reach < size)
    return torch.where(_rows(better), now, near), torch.where(better, reach, size)


def _checked(task: Task, judge: Judge, near: Tensor, norm: Norm, changed: Tensor) -> tuple[Tensor, Tensor]:
    """The sizes `(N,)` and pictures at or a little beyond `near` that fool whatever the rounding; those of `changed` where none does."""
    found, left = changed.clone(), torch.arange(len(near), device=near.device)
    size = norm.size(near - task.pictures)
    for i, factor in enumerate(MARGINS):
        part, here = task.only(left), size[left]
        reach = factor * here
        if i == 1:  # not beyond the ε that is asked about, if a little less would do
            reach = torch.where(here <= task.epsilon, reach.clamp_max(task.epsilon), reach)
        farther = (part.pictures + _rows(reach / here.clamp_min(TINY)) * (near[left] - part.pictures)).clamp(0, 1)
        fooled = judge.surely(farther, part.labels)
        found[left[fooled]] = farther[fooled]
        left = left[~fooled]
        if not len(left):
            break
    return norm.size(found - task.pictures), found


def _rows(values: Tensor) -> Tensor:
    return values[:, None, None, None]
