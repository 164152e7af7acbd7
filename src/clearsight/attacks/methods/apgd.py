"""APGD: PGD with a step size that adapts to the progress of the loss.

F. Croce, M. Hein, Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free attacks, ICML 2020,
algorithm 1; DLR is its equation 6, and 7 with targets.
"""

import torch
from torch import Tensor

from ...base.randomness import uniform
from ..gradient_ascent import NORMS, TINY, Loss, cross_entropy, grad_and_logits, misclassified, normal, per_picture
from ..task import Task

STEPS = 100
# intervals between two checkpoints, as fractions of all steps: the first, the decrease from one to the next, the shortest
FIRST, DECREASE, SHORTEST = 0.22, 0.03, 0.06
RISES = 0.75  # fraction of the steps between two checkpoints that must raise the loss, or the step size is halved
MOMENTUM = 0.75


def dlr(logits: Tensor, labels: Tensor) -> Tensor:
    """Difference of logits ratio `(N,)`: the lead of the best other class, invariant to the scale of the logits `(N, K)`."""
    own, other, falling = _margin(logits, labels)
    return (other - own) / _unit(falling[:, 0] - falling[:, min(2, falling.shape[1] - 1)], falling)


def dlr_targeted(logits: Tensor, labels: Tensor, targets: Tensor) -> Tensor:
    """The targeted difference of logits ratio `(N,)`, for the classes in `targets` `(N,)`."""
    falling = logits.sort(dim=1, descending=True).values
    most = falling.shape[1] - 1
    unit = _unit(falling[:, 0] - (falling[:, min(2, most)] + falling[:, min(3, most)]) / 2, falling)
    return (logits.gather(1, targets[:, None]) - logits.gather(1, labels[:, None]))[:, 0] / unit


def _unit(spread: Tensor, falling: Tensor) -> Tensor:
    """The denominator; detached for two classes, where it equals the numerator and the ratio would have no gradient."""
    return (spread if falling.shape[1] > 2 else spread.detach()) + 1e-12


def _margin(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The logit of the label, the largest other logit, and all logits in descending order."""
    falling, order = logits.sort(dim=1, descending=True)
    own = logits.gather(1, labels[:, None])[:, 0]
    other = torch.where(order[:, 0] == labels, falling[:, 1], falling[:, 0])
    return own, other, falling


def apgd(task: Task, *, loss: str = "ce", norm: str = "linf", steps: int = STEPS, restarts: int = 1) -> Tensor:
    """APGD on cross-entropy (`ce`) or `dlr`, with up to `restarts` random starts for pictures that are not misclassified."""
    result = task.pictures.clone()
    left = torch.nonzero(~task.fooled(task.pictures))[:, 0]
    for attempt in range(task.restarts or restarts):
        if len(left):
            part = task.only(left)
            result[left] = run(part, {"ce": cross_entropy, "dlr": dlr}[loss], norm, task.steps or steps, attempt)
            left = left[~part.fooled(result[left])]
    return result


def apgd_targeted(task: Task, *, norm: str = "linf", steps: int = STEPS, targets: int = 9) -> Tensor:
    """APGD on the targeted DLR, towards each of the `targets` most likely wrong classes in turn."""
    result = task.pictures.clone()
    left = torch.nonzero(~task.fooled(task.pictures))[:, 0]
    if not len(left):
        return result
    order = wrong_classes(task.only(left))
    for attempt in range(min(targets, order.shape[1])):
        part = task.only(left)
        result[left] = run(part, dlr, norm, task.steps or steps, attempt, order[:, attempt])
        stay = ~part.fooled(result[left])
        left, order = left[stay], order[stay]
        if not len(left):
            break
    return result


def wrong_classes(task: Task) -> Tensor:
    """All classes except the label in descending order of their logits, `(N, K - 1)`."""
    with torch.no_grad():
        order = task.scores(task.pictures).argsort(dim=1, descending=True)
    return order[order != task.labels[:, None]].view(len(order), -1)


def run(task: Task, loss: Loss, norm: str, steps: int, attempt: int = 0, targets: Tensor | None = None) -> Tensor:
    """One run of algorithm 1; a picture leaves the batch as soon as it is misclassified."""
    rule, result, left = NORMS[norm], task.pictures.clone(), torch.arange(len(task.pictures), device=task.pictures.device)
    radius = per_picture(task.epsilon, task.pictures)
    now = _start(task, radius, norm, attempt)
    aims = task.labels if targets is None else targets

    def judged(logits: Tensor, labels: Tensor) -> Tensor:
        return loss(logits, labels) if targets is None else dlr_targeted(logits, labels, now_aims)

    now_aims, labels, origin = aims, task.labels, task.pictures
    gradient, logits = grad_and_logits(task.scores, now, labels, judged)
    value = judged(logits, labels)
    best, best_value, best_gradient, before, last_best = now, value, gradient, now, value
    size, rises, halve = 2 * radius, torch.zeros_like(value), torch.ones_like(value, dtype=torch.bool)
    interval, since = max(1, int(FIRST * steps)), 0
    for i in range(steps):
        done = misclassified(logits, labels)
        if bool(done.any()):
            result[left[done]] = now[done]
            kept = ~done
            left, now, before, origin, radius, size = (t[kept] for t in (left, now, before, origin, radius, size))
            gradient, best, best_gradient, value, best_value = (t[kept] for t in (gradient, best, best_gradient, value, best_value))
            labels, now_aims, last_best, rises, halve = (t[kept] for t in (labels, now_aims, last_best, rises, halve))
            if not len(left):
                return result
        step = _within(now + size * rule.normalize(gradient, now), origin, radius, norm)
        share = MOMENTUM if i else 1.0
        step = _within(now + (step - now) * share + (now - before) * (1 - share), origin, radius, norm)
        before, now = now, step
        gradient, logits = grad_and_logits(task.scores, now, labels, judged)
        newer = judged(logits, labels)
        rises, value = rises + (newer > value), newer
        gain = value > best_value
        rows = gain[:, None, None, None]
        best, best_gradient = torch.where(rows, now, best), torch.where(rows, gradient, best_gradient)
        best_value = torch.where(gain, value, best_value)
        since += 1
        if since == interval:
            halve = (rises <= interval * RISES) | (~halve & (last_best >= best_value))
            rows = halve[:, None, None, None]
            size = torch.where(rows, size / 2, size)
            now, gradient = torch.where(rows, best, now), torch.where(rows, best_gradient, gradient)
            last_best, rises, since = best_value, torch.zeros_like(rises), 0
            interval = max(interval - max(1, int(DECREASE * steps)), max(1, int(SHORTEST * steps)))
    result[left] = now
    return result


def _start(task: Task, radius: Tensor, norm: str, attempt: int) -> Tensor:
    """A random point on the surface of the ball."""
    draws = uniform(task.seed, attempt, task.indices, "apgd", task.pictures[0].numel()).to(task.pictures)
    change = (2 * draws - 1 if norm == "linf" else normal(draws)).view_as(task.pictures)
    size = NORMS[norm].size(change)[:, None, None, None].clamp_min(TINY)
    return (task.pictures + radius * change / size).clamp_(0, 1)


def _within(pictures: Tensor, origin: Tensor, radius: Tensor, norm: str) -> Tensor:
    return (origin + NORMS[norm].project(pictures - origin, radius)).clamp_(0, 1)
