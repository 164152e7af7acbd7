"""Attacks that look for the nearest picture of another class rather than for the worst within ε.

DeepFool: S.-M. Moosavi-Dezfooli, A. Fawzi, P. Frossard, CVPR 2016. C&W: N. Carlini, D. Wagner, Towards evaluating the robustness of
neural networks, 2017. FAB: F. Croce, M. Hein, Minimally distorted adversarial examples with a fast adaptive boundary attack, ICML
2020, towards one class at a time as in AutoAttack. What they find farther away than ε is cut to ε.
"""

import torch
from torch import Tensor

from .apgd import wrong_classes
from .gradient_ascent import NORMS, TINY, per_picture, slope
from .square import margin
from .task import Task

CLASSES = 9
OVERSHOOT = 0.02
# of FAB: how far beyond the boundary, how far back from beyond it, the largest share of the way from the picture itself
BEYOND, BACK, BIAS = 1.05, 0.9, 0.1
CONFIDENCE, RATE, SEARCHES = 0.0, 0.05, 6  # of C&W: margin asked for, Adam's rate, trials of its constant


def cut(task: Task, found: Tensor, norm: str) -> Tensor:
    """`found`, its change cut to ε."""
    radius = per_picture(task.epsilon, found)
    return (task.pictures + NORMS[norm].project(found - task.pictures, radius)).clamp_(0, 1)


def deepfool(task: Task, *, norm: str = "l2", steps: int = 50) -> Tensor:
    """Steps to the nearest of the linear boundaries to the nine likeliest wrong classes."""
    found, left = task.pictures.clone(), torch.nonzero(~task.fooled(task.pictures))[:, 0]
    if not len(left):
        return found
    classes = wrong_classes(task.only(left))[:, :CLASSES]
    for _ in range(task.steps or steps):
        part, now = task.only(left), found[left]
        distance, change = torch.full_like(now[:, 0, 0, 0], float("inf")), torch.zeros_like(now)
        for k in range(classes.shape[1]):
            behind, gradient = _lead(part, now, classes[:, k])
            size = {"l2": gradient.flatten(1).norm(dim=1), "linf": gradient.abs().flatten(1).sum(1)}[norm].clamp_min(TINY)
            away = behind.abs() / size
            way = (away + 1e-4)[:, None, None, None] * NORMS[norm].steepest(gradient, now)
            nearer = away < distance
            distance, change = torch.where(nearer, away, distance), torch.where(nearer[:, None, None, None], way, change)
        found[left] = (now + (1 + OVERSHOOT) * change).clamp(0, 1)
        stay = ~part.fooled(found[left])
        left, classes = left[stay], classes[stay]
        if not len(left):
            break
    return cut(task, found, norm)


def _lead(task: Task, pictures: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """How far the class in `targets` is ahead of the label `(N,)`, and the gradient of that."""

    def lead(logits: Tensor, labels: Tensor) -> Tensor:
        return (logits.gather(1, targets[:, None]) - logits.gather(1, labels[:, None]))[:, 0]

    gradient, logits = slope(task.scores, pictures, task.labels, lead)
    return lead(logits, task.labels), gradient


def carlini(task: Task, *, steps: int = 100) -> Tensor:
    """The least ‖δ‖² + c·margin by Adam in the space of atanh, with c found by trials."""
    best, size = task.pictures.clone(), torch.full_like(task.pictures[:, 0, 0, 0], float("inf"))
    if not task.epsilon:
        return best
    low, high = torch.zeros_like(size), torch.full_like(size, float("inf"))
    weight = torch.ones_like(size)
    inner = torch.atanh((2 * task.pictures - 1) * (1 - 1e-6))
    for _ in range(SEARCHES):
        hit = torch.zeros_like(size, dtype=torch.bool)
        free = inner.clone().requires_grad_()
        optimizer = torch.optim.Adam([free], lr=RATE)
        for _ in range(task.steps or steps):
            with torch.enable_grad():
                now = (torch.tanh(free) + 1) / 2
                behind = margin(task.scores(now), task.labels)
                far = (now - task.pictures).flatten(1).square().sum(1)
                (free.grad,) = torch.autograd.grad((far + weight * (CONFIDENCE - behind).clamp_min(0)).sum(), free)
            fools = behind.detach() > 0
            nearer = fools & (far.detach().sqrt() < size)
            size = torch.where(nearer, far.detach().sqrt(), size)
            best = torch.where(nearer[:, None, None, None], now.detach(), best)
            hit |= fools
            optimizer.step()
        low, high = torch.where(hit, low, weight), torch.where(hit, weight, high)
        weight = torch.where(high.isfinite(), (low + high) / 2, weight * 10)
    return cut(task, best, "l2")


def fab_targeted(task: Task, *, norm: str = "linf", steps: int = 100, targets: int = CLASSES) -> Tensor:
    """Steps onto the boundary to each of the likeliest wrong classes in turn, kept near the picture; ends within ε."""
    found, left = task.pictures.clone(), torch.nonzero(~task.fooled(task.pictures))[:, 0]
    if not len(left):
        return found
    order = wrong_classes(task.only(left))
    for k in range(min(targets, order.shape[1])):
        found[left] = _fab(task.only(left), order[:, k], norm, task.steps or steps)
        stay = ~task.only(left).fooled(found[left])
        left, order = left[stay], order[stay]
        if not len(left):
            break
    return found


def _fab(task: Task, targets: Tensor, norm: str, steps: int) -> Tensor:
    result, left = task.pictures.clone(), torch.arange(len(targets), device=targets.device)
    now = task.pictures
    for _ in range(steps):
        origin = task.pictures
        behind, gradient = _lead(task, now, targets)
        offset = behind - (gradient * now).flatten(1).sum(1)
        first, second = (to_boundary(x, gradient, offset, norm) for x in (now, origin))
        a, b = (NORMS[norm].size(change).clamp_min(1e-8) for change in (first, second))
        share = (a / (a + b)).clamp_max(BIAS)[:, None, None, None]
        now = ((now + BEYOND * first) * (1 - share) + (origin + BEYOND * second) * share).clamp(0, 1)
        over = task.fooled(now)
        near = over & (NORMS[norm].size(now - origin) <= task.epsilon)
        result[left[near]] = now[near]
        now = torch.where(over[:, None, None, None], origin + BACK * (now - origin), now)
        left, now, targets, task = left[~near], now[~near], targets[~near], task.only(~near)
        if not len(left):
            break
    return result


def to_boundary(pictures: Tensor, weights: Tensor, offset: Tensor, norm: str) -> Tensor:
    """The least change in L∞ or L2 after which weights·x + offset = 0, with x in [0, 1]; as far as it goes where it cannot be.

    The change is the smaller of λ·u and the room that a pixel has, u being 1 in L∞ and |w| in L2; λ follows from the rooms in order.
    """
    x, w = pictures.flatten(1), weights.flatten(1)
    value = (w * x).sum(1) + offset
    sign = -value.sign()[:, None] * w.sign()
    room, size = torch.where(sign > 0, 1 - x, x), w.abs()
    unit = torch.ones_like(size) if norm == "linf" else size
    full = room / unit.clamp_min(TINY)  # λ from which a pixel is at its bound
    full, order = full.sort(dim=1)
    size, unit, room = size.gather(1, order), unit.gather(1, order), room.gather(1, order)
    spent, free = (size * room).cumsum(1), (size * unit).sum(1, keepdim=True) - (size * unit).cumsum(1)
    reached = spent + full * free  # by how much the value changes at each of these λ
    k = (reached < value.abs()[:, None]).sum(1, keepdim=True).clamp_max(x.shape[1] - 1)
    before = torch.where(k > 0, spent.gather(1, (k - 1).clamp_min(0)), 0)
    rest = free.gather(1, k) + (size * unit).gather(1, k)
    scale = ((value.abs()[:, None] - before) / rest.clamp_min(TINY)).clamp_min(0)
    change = torch.minimum(scale * (torch.ones_like(x) if norm == "linf" else w.abs()), torch.where(sign > 0, 1 - x, x)) * sign
    return change.view_as(pictures)
