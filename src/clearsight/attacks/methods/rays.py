"""RayS: a black-box search that needs predicted labels only. J. Chen, Q. Gu, RayS: a ray searching method for hard-label adversarial
attack, KDD 2020. The boundary along a direction of ±1 is found by bisection; the signs of ever smaller blocks of the direction are
flipped, and a flip that brings the boundary nearer is kept.
"""

import torch
from torch import Tensor

from ..task import Task
from .minimum_norm import clip_to_epsilon

TRIALS = 400
BISECTIONS = 12


def rays(task: Task, *, trials: int = TRIALS) -> Tensor:
    """Search each picture until it is misclassified within ε, or for `trials` directions."""
    best, left = task.pictures.clone(), torch.nonzero(~task.fooled(task.pictures))[:, 0]
    if not task.epsilon:
        return best
    part = task.only(left)
    values = task.pictures[0].numel()
    direction = torch.ones(len(left), values, device=best.device)
    radius = torch.ones(len(left), device=best.device)  # at radius 1 every pixel is at a bound
    parts, place = 1, 0
    for trial in range(task.steps or trials):
        if not len(left):
            break
        turned = direction.clone()
        if trial:
            begin, end = place * values // parts, (place + 1) * values // parts
            turned[:, begin:end] *= -1
            place += 1
            if place == parts:
                parts, place = (1 if parts >= values else min(2 * parts, values)), 0
        nearer = part.fooled(_along(part, turned, radius))
        direction = torch.where(nearer[:, None], turned, direction)
        some = torch.nonzero(nearer)[:, 0]
        if not len(some):
            continue
        radius[some] = _halved(part.only(some), direction[some], radius[some])
        best[left[some]] = _along(part.only(some), direction[some], radius[some])
        stay = radius > task.epsilon
        left, direction, radius, part = left[stay], direction[stay], radius[stay], part.only(stay)
    return clip_to_epsilon(task, best, "linf")


def _along(task: Task, direction: Tensor, radius: Tensor) -> Tensor:
    return (task.pictures + (radius[:, None] * direction).view_as(task.pictures)).clamp_(0, 1)


def _halved(task: Task, direction: Tensor, high: Tensor) -> Tensor:
    """The smallest radius found at which the picture is misclassified."""
    low = torch.zeros_like(high)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        fooled = task.fooled(_along(task, direction, middle))
        low, high = torch.where(fooled, low, middle), torch.where(fooled, middle, high)
    return high
