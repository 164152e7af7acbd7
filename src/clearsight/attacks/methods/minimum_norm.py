"""Minimum-norm attacks: the nearest misclassified picture rather than the worst one within ε.

DeepFool: S.-M. Moosavi-Dezfooli, A. Fawzi, P. Frossard, CVPR 2016. C&W: N. Carlini, D. Wagner, Towards evaluating the robustness of
neural networks, 2017. FAB: F. Croce, M. Hein, Minimally distorted adversarial examples with a fast adaptive boundary attack, ICML
2020, towards one class at a time as in AutoAttack. A change that is larger than ε is projected to ε.
"""

import torch
from torch import Tensor

from ..gradient_ascent import NORMS, TINY, grad_and_logits, per_picture
from ..task import Task
from .apgd import wrong_classes
from .square import margin

CLASSES = 9
OVERSHOOT = 0.02
# FAB: extrapolation beyond the boundary, backward step from beyond it, largest weight of the step from the original picture
EXTRAPOLATION, BACKWARD, BIAS = 1.05, 0.9, 0.1
CONFIDENCE, RATE, SEARCHES = 0.0, 0.05, 6  # C&W: margin to reach, Adam's learning rate, binary search steps for its constant


def clip_to_epsilon(task: Task, adversarial: Tensor, norm: str) -> Tensor:
    """`adversarial` with its change projected into the ball of radius ε."""
    radius = per_picture(task.epsilon, adversarial)
    return (task.pictures + NORMS[norm].project(adversarial - task.pictures, radius)).clamp_(0, 1)


def deepfool(task: Task, *, norm: str = "l2", steps: int = 50) -> Tensor:
    """Steps onto the nearest of the linearised boundaries to the nine most likely wrong classes."""
    adversarial, left = task.pictures.clone(), torch.nonzero(~task.fooled(task.pictures))[:, 0]
    if not len(left):
        return adversarial
    classes = wrong_classes(task.only(left))[:, :CLASSES]
    for _ in range(task.steps or steps):
        part, now = task.only(left), adversarial[left]
        distance, change = torch.full_like(now[:, 0, 0, 0], float("inf")), torch.zeros_like(now)
        for k in range(classes.shape[1]):
            behind, gradient = _lead(part, now, classes[:, k])
            size = {"l2": gradient.flatten(1).norm(dim=1), "linf": gradient.abs().flatten(1).sum(1)}[norm].clamp_min(TINY)
            away = behind.abs() / size
            way = (away + 1e-4)[:, None, None, None] * NORMS[norm].normalize(gradient, now)
            nearer = away < distance
            distance, change = torch.where(nearer, away, distance), torch.where(nearer[:, None, None, None], way, change)
        adversarial[left] = (now + (1 + OVERSHOOT) * change).clamp(0, 1)
        stay = ~part.fooled(adversarial[left])
        left, classes = left[stay], classes[stay]
        if not len(left):
            break
    return clip_to_epsilon(task, adversarial, norm)


def _lead(task: Task, pictures: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """The lead of the classes in `targets` over the label in logits, `(N,)`, and its gradient."""

    def lead(logits: Tensor, labels: Tensor) -> Tensor:
        return (logits.gather(1, targets[:, None]) - logits.gather(1, labels[:, None]))[:, 0]

    gradient, logits = grad_and_logits(task.scores, pictures, task.labels, lead)
    return lead(logits, task.labels), gradient


def carlini_wagner(task: Task, *, steps: int = 100) -> Tensor:
    """Minimise ‖δ‖² + c·margin by Adam in atanh space, with c found by binary search."""
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
    return clip_to_epsilon(task, best, "l2")


def fab_targeted(task: Task, *, norm: str = "linf", steps: int = 100, targets: int = CLASSES) -> Tensor:
    """Steps onto the boundary to each of the most likely wrong classes in turn, biased towards the original; ends within ε."""
    adversarial, left = task.pictures.clone(), torch.nonzero(~task.fooled(task.pictures))[:, 0]
    if not len(left):
        return adversarial
    order = wrong_classes(task.only(left))
    for k in range(min(targets, order.shape[1])):
        adversarial[left] = _fab(task.only(left), order[:, k], norm, task.steps or steps)
        stay = ~task.only(left).fooled(adversarial[left])
        left, order = left[stay], order[stay]
        if not len(left):
            break
    return adversarial


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
        now = ((now + EXTRAPOLATION * first) * (1 - share) + (origin + EXTRAPOLATION * second) * share).clamp(0, 1)
        over = task.fooled(now)
        near = over & (NORMS[norm].size(now - origin) <= task.epsilon)
        result[left[near]] = now[near]
        now = torch.where(over[:, None, None, None], origin + BACKWARD * (now - origin), now)
        left, now, targets, task = left[~near], now[~near], targets[~near], task.only(~near)
        if not len(left):
            break
    return result


def to_boundary(pictures: Tensor, weights: Tensor, offset: Tensor, norm: str) -> Tensor:
    """The smallest change in L∞ or L2 after which weights·x + offset = 0, with x in [0, 1]; the largest possible one if none reaches 0.

    Each pixel changes by min(λ·u, its distance to the bound), with u = 1 in L∞ and |w| in L2; λ follows from the sorted distances.
    """
    x, w = pictures.flatten(1), weights.flatten(1)
    value = (w * x).sum(1) + offset
    sign = -value.sign()[:, None] * w.sign()
    room, size = torch.where(sign > 0, 1 - x, x), w.abs()
    unit = torch.ones_like(size) if norm == "linf" else size
    full = room / unit.clamp_min(TINY)  # λ at which a pixel reaches its bound
    full, order = full.sort(dim=1)
    size, unit, room = size.gather(1, order), unit.gather(1, order), room.gather(1, order)
    spent, free = (size * room).cumsum(1), (size * unit).sum(1, keepdim=True) - (size * unit).cumsum(1)
    reached = spent + full * free  # change of the value at each of these λ
    k = (reached < value.abs()[:, None]).sum(1, keepdim=True).clamp_max(x.shape[1] - 1)
    before = torch.where(k > 0, spent.gather(1, (k - 1).clamp_min(0)), 0)
    rest = free.gather(1, k) + (size * unit).gather(1, k)
    scale = ((value.abs()[:, None] - before) / rest.clamp_min(TINY)).clamp_min(0)
    change = torch.minimum(scale * (torch.ones_like(x) if norm == "linf" else w.abs()), torch.where(sign > 0, 1 - x, x)) * sign
    return change.view_as(pictures)
