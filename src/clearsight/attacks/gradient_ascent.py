"""Projected gradient ascent on the pixels: ONE loop, parameterised by start, norm, loss and stopping rule.

The gradient attacks and adversarial training are settings of it.

Shapes: N pictures `(N, C, H, W)`, floats in [0, 1]; ε and norms of changes are in those units.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ..base.errors import UsageError
from ..base.randomness import uniform

Scores = Callable[[Tensor], Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]
L1_SPARSITY = 0.01  # share of the values that a step in L1 moves, as in F. Tramèr, D. Boneh, Adversarial training and …, NeurIPS 2019
TINY = 1e-30


class Norm(NamedTuple):
    """An Lp norm of changes `(N, C, H, W)` and what gradient ascent needs of it."""

    size: Callable[[Tensor], Tensor]  # the norm of each change, (N,)
    normalize: Callable[[Tensor, Tensor], Tensor]  # gradients, current pictures → directions of steepest ascent with norm 1
    project: Callable[[Tensor, Tensor], Tensor]  # changes, radii (N, 1, 1, 1) → the nearest changes within the ball
    sample: Callable[[Tensor], Tensor]  # uniform numbers (N, D + 1) → points of the unit ball, (N, D)


def normal(draws: Tensor) -> Tensor:
    """Standard normal numbers from uniform ones in [0, 1), by the inverse distribution function."""
    found: Tensor = math.sqrt(2) * torch.erfinv((2 * draws - 1 + 2.0**-24).clamp(-1 + 2.0**-24, 1 - 2.0**-24))
    return found


def _scale_to_one(gradient: Tensor) -> Tensor:
    """Each picture's gradient scaled to a largest |value| of 1, so that squares of tiny values do not underflow."""
    return gradient / gradient.abs().amax((1, 2, 3), keepdim=True).clamp_min(TINY)


def _normalize_l2(gradient: Tensor, x: Tensor) -> Tensor:
    direction: Tensor = _scale_to_one(gradient)
    length: Tensor = direction.flatten(1).norm(dim=1).clamp_min(TINY)[:, None, None, None]
    return direction / length


def _normalize_l1(gradient: Tensor, x: Tensor) -> Tensor:
    free = torch.where(gradient > 0, x < 1, x > 0)  # a pixel that is at its bound already cannot move on
    flat = (gradient * free).flatten(1)
    most = max(1, round(L1_SPARSITY * flat.shape[1]))
    value, place = flat.abs().topk(most, dim=1)
    direction = torch.zeros_like(flat).scatter_(1, place, flat.gather(1, place).sign() * (value > 0) / most)
    return direction.view_as(gradient)


def _project_l2(change: Tensor, radius: Tensor) -> Tensor:
    size: Tensor = change.flatten(1).norm(dim=1)[:, None, None, None]
    return change * (radius / size.clamp_min(TINY)).clamp_max(1)


def _project_l1(change: Tensor, radius: Tensor) -> Tensor:
    """J. Duchi et al., Efficient projections onto the L1-ball, ICML 2008."""
    flat, bound = change.flatten(1), radius.flatten(1)
    falling = flat.abs().sort(dim=1, descending=True).values
    over = falling.cumsum(1) - bound
    count = torch.arange(1, flat.shape[1] + 1, device=flat.device, dtype=flat.dtype)
    last = ((falling * count > over).sum(1, keepdim=True) - 1).clamp_min(0)
    least = (over.gather(1, last) / (last + 1)).clamp_min(0)
    return (flat.sign() * (flat.abs() - least).clamp_min(0)).view_as(change)


def _sample_l2(draws: Tensor) -> Tensor:
    direction = normal(draws[:, 1:])
    unit: Tensor = direction / direction.norm(dim=1, keepdim=True).clamp_min(TINY)
    return draws[:, :1] ** (1 / direction.shape[1]) * unit


def _sample_l1(draws: Tensor) -> Tensor:
    laplace = draws[:, 1:] * 2 - 1
    laplace = -laplace.sign() * torch.log1p(-laplace.abs().clamp_max(1 - 2.0**-24))
    return draws[:, :1] ** (1 / laplace.shape[1]) * laplace / laplace.abs().sum(1, keepdim=True).clamp_min(TINY)


NORMS = {
    "linf": Norm(
        lambda change: change.flatten(1).abs().amax(1),
        lambda gradient, x: gradient.sign(),
        lambda change, radius: torch.maximum(torch.minimum(change, radius), -radius),
        lambda draws: 2 * draws[:, 1:] - 1,
    ),
    "l2": Norm(lambda change: change.flatten(1).norm(dim=1), _normalize_l2, _project_l2, _sample_l2),
    "l1": Norm(lambda change: change.flatten(1).abs().sum(1), _normalize_l1, _project_l1, _sample_l1),
}


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """The cross-entropy of each picture, `(N,)`."""
    return F.cross_entropy(logits, labels, reduction="none")


def targeted_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Minus the cross-entropy of the classes in `targets`, `(N,)`: grows as they become likely."""
    return -F.cross_entropy(logits, targets, reduction="none")


def misclassified(logits: Tensor, labels: Tensor) -> Tensor:
    """Whether another class than the label's has the highest logit, `(N,)`; NaN counts as misclassified."""
    return logits.argmax(1) != labels


def is_target(logits: Tensor, targets: Tensor) -> Tensor:
    """Whether the class in `targets` has the highest logit, `(N,)`."""
    return logits.argmax(1) == targets


def grad_and_logits(scores: Scores, pictures: Tensor, labels: Tensor, loss: Loss = cross_entropy, batch: int = 0) -> tuple[Tensor, Tensor]:
    """The gradient of the loss with respect to the pictures, `(N, C, H, W)`, and the logits `(N, K)`; raises UsageError without a gradient.

    At most `batch` pictures are computed together (0: all); a loss that couples the pictures needs all.
    """
    if 0 < batch < len(pictures):
        parts = [grad_and_logits(scores, *part, loss) for part in zip(pictures.split(batch), labels.split(batch), strict=True)]
        gradients, answers = zip(*parts, strict=True)
        return torch.cat(gradients), torch.cat(answers)
    leaf = pictures.detach().requires_grad_()
    with torch.enable_grad():
        logits = scores(leaf)
        if not logits.requires_grad:
            raise UsageError("this classifier's scores have no gradient by its pictures. Use a black-box attack: square or rays.")
        (gradient,) = torch.autograd.grad(loss(logits, labels).sum(), leaf)
    return gradient, logits.detach()


def random_start(pictures: Tensor, radius: Tensor, norm: Norm, indices: Tensor, seed: int, attempt: int = 0) -> Tensor:
    """Pictures moved to a uniformly random point of the ball; draws are keyed by `indices` (N,), so that batches do not matter."""
    draws = uniform(seed, attempt, indices, "perturb", pictures[0].numel() + 1).to(pictures)
    return (pictures + radius * norm.sample(draws).view(pictures.shape)).clamp_(0, 1)


def per_picture(epsilon: float | Tensor, pictures: Tensor) -> Tensor:
    """ε as `(N, 1, 1, 1)`."""
    return torch.as_tensor(epsilon, dtype=pictures.dtype, device=pictures.device).expand(len(pictures)).view(-1, 1, 1, 1)


def ascend(
    scores: Scores,
    pictures: Tensor,
    labels: Tensor,
    epsilon: float | Tensor,
    *,
    norm: Norm,
    steps: int,
    step: float,
    start: Tensor | None = None,
    loss: Loss = cross_entropy,
    momentum: float = 0.0,
    done: Callable[[Tensor, Tensor], Tensor] | None = misclassified,
    first: tuple[Tensor, Tensor] | None = None,
    batch: int = 0,
) -> Tensor:
    """`pictures` after `steps` steps of size `step`·ε up the loss, projected into the ball of radius ε and into [0, 1] after each.

    A picture for which `done` is true stays as it is and leaves the batch; with None every picture takes every step. `first` is the
    result of `grad_and_logits` at the start, if known; `batch` as there. The plain loop for one picture:

        for _ in range(steps):
            x = project(x + step * epsilon * steepest(gradient(loss, x)))
    """
    result = (pictures if start is None else start).clone()
    left = torch.arange(len(pictures), device=pictures.device)  # the rows that are not done yet; x, x0, … have only these
    x, x0, radius, velocity = result.clone(), pictures, per_picture(epsilon, pictures), torch.zeros_like(pictures)
    for i in range(steps):
        gradient, logits = first if first is not None and not i else grad_and_logits(scores, x, labels, loss, batch)

        # pictures that are done leave the batch
        if done is not None and bool((over := done(logits, labels)).any()):
            result[left[over]] = x[over]
            left, x, x0, radius, velocity, labels, gradient = (v[~over] for v in (left, x, x0, radius, velocity, labels, gradient))
            if not len(left):
                return result

        # the others take a step up the loss, and back into the ball and the range of pixels
        if momentum:  # Y. Dong et al., Boosting adversarial attacks with momentum, CVPR 2018
            gradient = velocity = momentum * velocity + gradient / gradient.abs().mean((1, 2, 3), keepdim=True).clamp_min(TINY)
        x = x + step * radius * norm.normalize(gradient, x)
        x = x0 + norm.project(x - x0, radius)
        x = x.clamp_(0, 1)
    result[left] = x
    return result
