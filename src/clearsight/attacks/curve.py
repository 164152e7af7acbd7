"""The smallest ε that fools each picture, from which the accuracy at every ε follows: one search instead of a run per ε.

`smallest_on_grid` is the plain restatement: run the attack at every ε. The search gets there with far fewer queries:

- Attacks of a single step: the change found is scaled down to the levels of the curve by bisection, so that the result at each level
  is that of a run at that level (as long as no pixel is clipped, in L2 and L1); between two levels ε is interpolated.
- Attacks of many steps climb on, each picture in a ball of its own, which shrinks where the picture is misclassified and grows where it
  is not, by as much as the gradient predicts (J. Rony et al., Decoupling direction and norm, CVPR 2019).
- Pictures that no change within ε fooled are searched in larger balls.

The results are upper bounds, confirmed in float32.
"""

import dataclasses
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .gradient_ascent import NORMS, TINY, Norm, ascend, grad_and_logits
from .methods.square import margin
from .mixed_precision import Judge
from .table import Attack
from .task import Task

LEVELS = (0.125, 0.25, 0.375, 0.5, 0.75, 1.0, 1.5, 2.0)  # times ε: the points of the curve
BISECTIONS = 7  # along a change that was found beyond ε
LAST_BISECTIONS, LAST_BRACKET = 2, 0.92  # at the end of the search, between this fraction of the radius and the radius
SHRINKS = {"linf": (0.65, 0.55, 0.4, 0.2), "l2": (0.5, 0.45, 0.4, 0.3, 0.15), "l1": (0.5, 0.45, 0.4, 0.3, 0.15)}  # largest, per step
STEP = 0.5  # of the radius
RADIUS_TRIALS = 4  # radii for which the linearised margin is evaluated
CURVATURE = 15  # 1 / extra room, in shrinks, that a ball gets beyond the radius predicted by the linearised margin
MIN_SHRINK = 0.998  # a ball shrinks at least by this factor
EXPANSIONS = (1.5, 2.0, 3.0, 4.0, 6.0, 8.0)  # times ε
EXPANSION_STEPS, EXPANSION_STEP = 5, 0.4
ROUNDING_FACTOR = 1 + 1e-6  # times ε: a radius up to here is ε
NEAR_EPSILON = 1.1  # times ε: up to here bfloat16 may have missed a change within ε
CONFIRM_FACTORS = (1.0, 1.03, 1.1)  # times the radius found: where it is confirmed in float32, until it is


def smallest_on_grid(run: Callable[[Task], Tensor], task: Task, levels: Sequence[float]) -> Tensor:
    """The least of `levels` (ε) at which a run of its own fools each picture, `(N,)`; inf where none does."""
    least = torch.full_like(task.pictures[:, 0, 0, 0], float("inf"))
    for level in sorted(levels, reverse=True):
        here = dataclasses.replace(task, epsilon=level)
        least[here.fooled(run(here))] = level
    return least


def smallest_epsilon(row: Attack, task: Task, judge: Judge, changed: Tensor, fooled: Tensor) -> tuple[Tensor, Tensor]:
    """Upper bounds `(N,)` of the least ε of pictures that are classified right, and the pictures there; inf where 8 ε was not enough.

    `changed` are the pictures after the attack, `fooled` `(N,)` which of them are misclassified.
    """
    least = torch.full_like(task.pictures[:, 0, 0, 0], float("inf"))
    if row.norm not in NORMS or not task.epsilon:
        least[fooled] = task.epsilon
        return least, changed
    norm, best = NORMS[row.norm], changed.clone()
    grown, between = _expand_ball(row, task, judge, best, fooled)
    if not row.refines:
        if bool(fooled.any()):
            least[fooled], best[fooled] = _bisect_on_levels(task.only(fooled), judge, best[fooled], norm)
        rows = grown & ~fooled
        if row.starts_at_input:
            least[rows] = between[rows]
        elif bool(rows.any()):
            low = torch.full_like(least[rows], task.epsilon)
            least[rows], best[rows] = bisect_along_change(task.only(rows), judge, best[rows], norm, low, BISECTIONS)
        return least, best
    if bool(grown.any()):
        part, rows = task.only(grown), torch.arange(int(grown.sum()), device=best.device)
        found = [_shrink_ball(part.only(some), judge, best[grown][some], row.norm) for some in rows.split(task.batch)]
        size, near = (torch.cat(values) for values in zip(*found, strict=True))
        if judge.fast:
            size, near = _confirm(part, judge, near, norm, best[grown])
        within = fooled[grown] | (size <= ROUNDING_FACTOR * task.epsilon)  # rounding alone may put a norm above ε
        least[grown], best[grown] = torch.where(within, size.clamp_max(task.epsilon), size), near
    if judge.fast:
        _search_exactly(row, task, judge, least, best, fooled)
    return least, best


def _search_exactly(row: Attack, task: Task, judge: Judge, least: Tensor, best: Tensor, fooled: Tensor) -> None:
    """Search again in float32 where the result is just above ε or inf; `least` and `best` are updated in place where it is smaller."""
    rows = (least > task.epsilon) & ((least <= NEAR_EPSILON * task.epsilon) | least.isinf())
    if bool(rows.any()):
        part, exact = dataclasses.replace(task.only(rows), scores=judge.exact, first=None), Judge(judge.exact, None, judge.batch)
        size, near = smallest_epsilon(row, part, exact, best[rows], fooled[rows])
        smaller = size < least[rows]
        least[rows] = torch.where(smaller, size, least[rows])
        best[rows] = torch.where(_as_rows(smaller), near, best[rows])


def _expand_ball(row: Attack, task: Task, judge: Judge, best: Tensor, fooled: Tensor) -> tuple[Tensor, Tensor]:
    """Which pictures are misclassified for a larger ε, and the interpolated ε; `best` is updated in place."""
    fooled, between = fooled.clone(), torch.full_like(task.pictures[:, 0, 0, 0], float("inf"))
    before, behind = 1.0, torch.full_like(between, float("nan"))
    for factor in EXPANSIONS:
        left = torch.nonzero(~fooled)[:, 0]
        if not len(left):
            break
        if row.starts_at_input and before == 1:
            behind[left] = margin(judge.logits(best[left]), task.labels[left])
        part = dataclasses.replace(task.only(left), epsilon=task.epsilon * factor)
        if row.refines:
            best[left] = ascend(
                part.scores, part.pictures, part.labels, part.epsilon,
                norm=NORMS[row.norm], start=best[left], steps=EXPANSION_STEPS, step=EXPANSION_STEP, batch=part.batch,
            )  # fmt: skip
        else:
            best[left] = row.run(part)
        logits = judge.logits(best[left])
        fooled[left], ahead = judge.fooled(best[left], part.labels, logits)[0], margin(logits, part.labels)
        between[left[fooled[left]]] = task.epsilon * (before + (factor - before) * _interpolate(behind[left], ahead))[fooled[left]]
        behind[left], before = ahead, factor
    return fooled, between


def _interpolate(behind: Tensor, ahead: Tensor) -> Tensor:
    """Where between two margins, the second of them positive, the margin would be 0: a fraction in [0.01, 1]."""
    return (behind / (behind - ahead)).nan_to_num(1.0).clamp(0.01, 1)


def bisect_along_change(task: Task, judge: Judge, changed: Tensor, norm: Norm, low: Tensor, trials: int) -> tuple[Tensor, Tensor]:
    """The radius `(N,)` of the smallest ball into which `changed` can be projected and still be misclassified, and the pictures there.

    Found by bisection between `low` `(N,)` and the norm of the change.
    """
    change = changed - task.pictures
    high = norm.size(change)
    for _ in range(trials):
        middle = (low + high) / 2
        fooled = margin(judge.logits(task.pictures + norm.project(change, _as_rows(middle))), task.labels) > 0
        low, high = torch.where(fooled, low, middle), torch.where(fooled, middle, high)
    return high, task.pictures + norm.project(change, _as_rows(high))


def _bisect_on_levels(task: Task, judge: Judge, changed: Tensor, norm: Norm) -> tuple[Tensor, Tensor]:
    """As `bisect_along_change`, on LEVELS; between two levels, of which the upper fools, the radius is interpolated.

    The next level tried is the first one above the interpolated zero of the margin.
    """
    change, first = changed - task.pictures, task.first
    levels = torch.tensor([0.0, *(level for level in LEVELS if level <= 1)]).to(change) * task.epsilon
    low, high = torch.zeros_like(task.labels), torch.full_like(task.labels, len(levels) - 1)
    behind = margin(first[1] if first else judge.logits(task.pictures), task.labels)
    ahead = margin(judge.logits(changed), task.labels)
    while len(left := torch.nonzero(high - low > 1)[:, 0]):
        below, above, labels = low[left], high[left], task.labels[left]
        meeting = levels[below] + (levels[above] - levels[below]) * _interpolate(behind[left], ahead[left])
        middle = torch.searchsorted(levels, meeting).clamp(below + 1, above - 1)
        tried = task.pictures[left] + norm.project(change[left], _as_rows(levels[middle]))
        logits = judge.logits(tried)
        fooled, value = judge.fooled(tried, labels, logits)[0], margin(logits, labels)
        high[left], ahead[left] = torch.where(fooled, middle, above), torch.where(fooled, value, ahead[left])
        low[left], behind[left] = torch.where(fooled, below, middle), torch.where(fooled, behind[left], value)
    between = levels[low] + (levels[high] - levels[low]) * _interpolate(behind, ahead)
    return between, task.pictures + norm.project(change, _as_rows(levels[high]))


def _shrink_ball(task: Task, judge: Judge, near: Tensor, name: str) -> tuple[Tensor, Tensor]:
    """Ascend the margin from `near`, which is misclassified, in shrinking balls; the least radii that fool `(N,)`, and the pictures.

    Each ball is the smallest one in which the step would still succeed if the margin were linear.
    """
    norm, origin, now = NORMS[name], task.pictures, near
    size = norm.size(near - origin)
    for i, shrink in enumerate(SHRINKS[name]):
        gradient, logits = grad_and_logits(task.scores, now, task.labels, margin)
        ahead, reach = margin(logits, task.labels), norm.size(now - origin)
        fooled = ahead > 0 if i else torch.ones_like(size, dtype=torch.bool)
        near, size = _keep_smaller(near, size, now, reach, fooled)
        change = (now + STEP * _as_rows(reach) * norm.normalize(gradient, now)).clamp(0, 1) - origin
        rest = ahead - (gradient * (now - origin)).flatten(1).sum(1)
        low, high = (1 - shrink) * size, size
        low = torch.where(fooled, low, torch.maximum(low, torch.minimum((1 + shrink / 4) * reach, (1 - shrink / 2) * size)))
        for trial in range(RADIUS_TRIALS):
            middle = (low + high) / 2 if trial else low
            would = rest + (gradient * norm.project(change, _as_rows(middle))).flatten(1).sum(1) > 0
            low, high = torch.where(would, low, middle), torch.where(would, middle, high)
        now = origin + norm.project(change, _as_rows(torch.minimum((1 + shrink / CURVATURE) * high, MIN_SHRINK * size)))
    near, size = _keep_smaller(near, size, now, norm.size(now - origin), margin(judge.logits(now), task.labels) > 0)
    return bisect_along_change(task, judge, near, norm, LAST_BRACKET * size, LAST_BISECTIONS)


def _keep_smaller(near: Tensor, size: Tensor, now: Tensor, reach: Tensor, fooled: Tensor) -> tuple[Tensor, Tensor]:
    better = fooled & (reach < size)
    return torch.where(_as_rows(better), now, near), torch.where(better, reach, size)


def _confirm(task: Task, judge: Judge, near: Tensor, norm: Norm, changed: Tensor) -> tuple[Tensor, Tensor]:
    """Radii `(N,)` and pictures at or slightly beyond `near` that are misclassified in float32; else those of `changed`."""
    found, left = changed.clone(), torch.arange(len(near), device=near.device)
    size = norm.size(near - task.pictures)
    for i, factor in enumerate(CONFIRM_FACTORS):
        part, here = task.only(left), size[left]
        reach = factor * here
        if i == 1:  # not beyond ε where the radius found is within ε
            reach = torch.where(here <= task.epsilon, reach.clamp_max(task.epsilon), reach)
        farther = (part.pictures + _as_rows(reach / here.clamp_min(TINY)) * (near[left] - part.pictures)).clamp(0, 1)
        fooled = judge.surely(farther, part.labels)
        found[left[fooled]] = farther[fooled]
        left = left[~fooled]
        if not len(left):
            break
    return norm.size(found - task.pictures), found


def _as_rows(values: Tensor) -> Tensor:
    return values[:, None, None, None]
