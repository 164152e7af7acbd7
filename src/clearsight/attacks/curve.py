"""The smallest ε that fools each picture, from which the accuracy at every ε follows: one search, not a run per ε.

A change that fools is drawn back into ever smaller balls as long as it still fools; attacks of many steps then climb again from
there, each picture in a ball of its own a little smaller than its best (as in J. Rony et al., Decoupling direction and norm, CVPR
2019). What was not fooled at ε goes on in larger balls. What is found bounds the smallest ε from above.
"""

import dataclasses

import torch
from torch import Tensor

from ..images.perturb import NORMS, Norm, ascend, per_picture
from .table import Attack
from .task import Task

HALVINGS = 8
SHRINKS = (0.25, 0.15, 0.1, 0.07, 0.05, 0.03)  # of the radius, per round
STEPS, STEP = 5, 0.4
GROWTH = (1.5, 2.0, 3.0, 4.0, 6.0, 8.0)  # times ε


def smallest(row: Attack, task: Task, changed: Tensor, fooled: Tensor) -> tuple[Tensor, Tensor]:
    """Upper bounds `(N,)` of each picture's least ε, and the pictures there.

    A bound is inf where nothing up to 8 ε fooled, and 0 where the picture was wrong before.
    """
    least = torch.full_like(task.pictures[:, 0, 0, 0], float("inf"))
    least[task.fooled(task.pictures)] = 0
    if row.norm not in NORMS or not task.epsilon:
        least[fooled & (least > 0)] = task.epsilon
        return least, changed
    norm, best = NORMS[row.norm], changed.clone()
    grown = _grown(row, task, best, fooled | (least == 0))
    rows = torch.nonzero(grown & (least > 0))[:, 0]
    part = task.only(rows)
    # one step of one length is asked for each ε, so what a longer one found says nothing of a shorter one
    least_possible = 0 if row.refined else torch.where(fooled[rows], 0, task.epsilon)
    size, near = drawn_back(part, best[rows], norm, least_possible)
    for shrink in SHRINKS if row.refined else ():
        radius = size * (1 - shrink)
        start = part.pictures + norm.project(near - part.pictures, per_picture(radius, near))
        tried = ascend(part.scores, part.pictures, part.labels, radius, norm=norm, start=start, steps=STEPS, step=STEP)
        better = part.fooled(tried)
        near = torch.where(better[:, None, None, None], tried, near)
        size = torch.where(better, norm.size(near - part.pictures), size)
    if row.refined:
        size, near = drawn_back(part, near, norm)
    least[rows] = torch.where(fooled[rows], size.clamp_max(task.epsilon), size)  # whose rounding may be above ε
    best[rows] = near
    return least, best


def _grown(row: Attack, task: Task, best: Tensor, fooled: Tensor) -> Tensor:
    """Which pictures are fooled once ε may be larger; `best` gets what fools them."""
    fooled = fooled.clone()
    for factor in GROWTH:
        left = torch.nonzero(~fooled)[:, 0]
        if not len(left):
            break
        part = dataclasses.replace(task.only(left), epsilon=task.epsilon * factor)
        if row.refined:
            best[left] = ascend(
                part.scores, part.pictures, part.labels, part.epsilon, norm=NORMS[row.norm], start=best[left], steps=STEPS, step=STEP
            )
        else:
            best[left] = row.run(part)
        fooled[left] = part.fooled(best[left])
    return fooled


def drawn_back(task: Task, changed: Tensor, norm: Norm, low: float | Tensor = 0.0) -> tuple[Tensor, Tensor]:
    """The radius `(N,)` of the smallest ball found into which each of `changed` can be projected and still fool, and what is there."""
    change = changed - task.pictures
    high = norm.size(change)
    low = torch.as_tensor(low, device=high.device).expand_as(high)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        fooled = task.fooled(task.pictures + norm.project(change, per_picture(middle, change)))
        low, high = torch.where(fooled, low, middle), torch.where(fooled, middle, high)
    return high, task.pictures + norm.project(change, per_picture(high, change))
