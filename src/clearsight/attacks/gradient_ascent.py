"""Pictures moved along the gradient of a loss: ONE loop with named holes (start, direction, project, done).

Attacks and adversarial training are rows over it; it lives here because neither of `attacks` and `train` may import the other,
and a run that is resumed needs its perturbation by name and not as somebody's function.

Shapes: N pictures `(N, C, H, W)`, floats in [0, 1]; ε and the sizes of changes are in those units.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ..base.errors import UsageError, wrong
from ..base.randomness import uniform

Scores = Callable[[Tensor], Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]
SPARSE = 0.01  # share of the values that a step in L1 moves, as in F. Tramèr, D. Boneh, Adversarial training and …, NeurIPS 2019
TINY = 1e-30


class Norm(NamedTuple):
    """How a change is measured `(N,)`, its steepest direction of size 1, its projection into the ball, and a draw from the unit ball.

    `steepest` has the gradient and where the pictures are now; `draw` has uniform numbers `(N, D + 1)` and gives `(N, D)`.
    """

    size: Callable[[Tensor], Tensor]
    steepest: Callable[[Tensor, Tensor], Tensor]
    project: Callable[[Tensor, Tensor], Tensor]
    draw: Callable[[Tensor], Tensor]


def parse_epsilon(text: str | float) -> float:
    """ε in units of [0, 1] from `0.03`, `8/255` or a number; raises UsageError."""
    try:
        value = float(Fraction(text.replace(" ", ""))) if isinstance(text, str) else float(text)
    except (ValueError, ZeroDivisionError, OverflowError):
        raise wrong("epsilon", "a number such as 0.03, or a fraction such as 8/255", text) from None
    if not (math.isfinite(value) and value >= 0):
        raise wrong("epsilon", "at least 0", text)
    return value


def normal(draws: Tensor) -> Tensor:
    """Numbers of the normal distribution from uniform ones in [0, 1)."""
    found: Tensor = math.sqrt(2) * torch.erfinv((2 * draws - 1 + 2.0**-24).clamp(-1 + 2.0**-24, 1 - 2.0**-24))
    return found


def _scaled(gradient: Tensor) -> Tensor:
    """Each picture's gradient with 1 as its largest value, so that squares of tiny ones do not vanish."""
    return gradient / gradient.abs().amax((1, 2, 3), keepdim=True).clamp_min(TINY)


def _steepest_l2(gradient: Tensor, moved: Tensor) -> Tensor:
    direction: Tensor = _scaled(gradient)
    length: Tensor = direction.flatten(1).norm(dim=1).clamp_min(TINY)[:, None, None, None]
    return direction / length


def _steepest_l1(gradient: Tensor, moved: Tensor) -> Tensor:
    free = torch.where(gradient > 0, moved < 1, moved > 0)  # a pixel that is black or white already has no way on
    flat = (gradient * free).flatten(1)
    most = max(1, round(SPARSE * flat.shape[1]))
    value, place = flat.abs().topk(most, dim=1)
    direction = torch.zeros_like(flat).scatter_(1, place, flat.gather(1, place).sign() * (value > 0) / most)
    return direction.view_as(gradient)


def _into_l2(change: Tensor, radius: Tensor) -> Tensor:
    size: Tensor = change.flatten(1).norm(dim=1)[:, None, None, None]
    return change * (radius / size.clamp_min(TINY)).clamp_max(1)


def _into_l1(change: Tensor, radius: Tensor) -> Tensor:
    """J. Duchi et al., Efficient projections onto the L1-ball, ICML 2008."""
    flat, bound = change.flatten(1), radius.flatten(1)
    falling = flat.abs().sort(dim=1, descending=True).values
    over = falling.cumsum(1) - bound
    count = torch.arange(1, flat.shape[1] + 1, device=flat.device, dtype=flat.dtype)
    last = ((falling * count > over).sum(1, keepdim=True) - 1).clamp_min(0)
    least = (over.gather(1, last) / (last + 1)).clamp_min(0)
    return (flat.sign() * (flat.abs() - least).clamp_min(0)).view_as(change)


def _draw_l2(draws: Tensor) -> Tensor:
    direction = normal(draws[:, 1:])
    unit: Tensor = direction / direction.norm(dim=1, keepdim=True).clamp_min(TINY)
    return draws[:, :1] ** (1 / direction.shape[1]) * unit


def _draw_l1(draws: Tensor) -> Tensor:
    laplace = draws[:, 1:] * 2 - 1
    laplace = -laplace.sign() * torch.log1p(-laplace.abs().clamp_max(1 - 2.0**-24))
    return draws[:, :1] ** (1 / laplace.shape[1]) * laplace / laplace.abs().sum(1, keepdim=True).clamp_min(TINY)


NORMS = {
    "linf": Norm(
        lambda change: change.flatten(1).abs().amax(1),
        lambda gradient, moved: gradient.sign(),
        lambda change, radius: torch.maximum(torch.minimum(change, radius), -radius),
        lambda draws: 2 * draws[:, 1:] - 1,
    ),
    "l2": Norm(lambda change: change.flatten(1).norm(dim=1), _steepest_l2, _into_l2, _draw_l2),
    "l1": Norm(lambda change: change.flatten(1).abs().sum(1), _steepest_l1, _into_l1, _draw_l1),
}


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """The loss of each picture, `(N,)`."""
    return F.cross_entropy(logits, labels, reduction="none")


def towards(logits: Tensor, targets: Tensor) -> Tensor:
    """What grows as the class in `targets` becomes likely, `(N,)`."""
    return -F.cross_entropy(logits, targets, reduction="none")


def missed(logits: Tensor, labels: Tensor) -> Tensor:
    """Whether another class than the label's comes first, `(N,)`; what is not a number counts as missed."""
    return logits.argmax(1) != labels


def reached(logits: Tensor, targets: Tensor) -> Tensor:
    """Whether the class in `targets` comes first, `(N,)`."""
    return logits.argmax(1) == targets


def slope(scores: Scores, pictures: Tensor, labels: Tensor, loss: Loss = cross_entropy, batch: int = 0) -> tuple[Tensor, Tensor]:
    """The loss's gradient with respect to each picture, and the logits; raises UsageError when there is none.

    `batch` is how many are computed together, 0 for all; a loss that is not of each picture alone needs all.
    """
    if 0 < batch < len(pictures):
        parts = [slope(scores, *part, loss) for part in zip(pictures.split(batch), labels.split(batch), strict=True)]
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
    """Pictures moved to a random place in the ball; a draw belongs to the picture's index, not to its batch."""
    draws = uniform(seed, attempt, indices, "perturb", pictures[0].numel() + 1).to(pictures)
    return (pictures + radius * norm.draw(draws).view(pictures.shape)).clamp_(0, 1)


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
    done: Callable[[Tensor, Tensor], Tensor] | None = missed,
    first: tuple[Tensor, Tensor] | None = None,
    batch: int = 0,
) -> Tensor:
    """`pictures` after `steps` steps of `step`·ε up the loss, within ε of where they were and within [0, 1].

    Where `done` says so a picture stays as it is and leaves the batch; with None everyone takes every step. `first` is what
    `slope` says of the start, where it is known; `batch` as there.
    """
    result = (pictures if start is None else start).clone()
    left = torch.arange(len(pictures), device=pictures.device)
    moved, origin, radius, velocity = result.clone(), pictures, per_picture(epsilon, pictures), torch.zeros_like(pictures)
    for i in range(steps):
        gradient, logits = first if first is not None and not i else slope(scores, moved, labels, loss, batch)
        if done is not None and bool((over := done(logits, labels)).any()):
            result[left[over]] = moved[over]
            left, moved, origin, radius, velocity, labels, gradient = (
                values[~over] for values in (left, moved, origin, radius, velocity, labels, gradient)
            )
            if not len(left):
                return result
        if momentum:  # Y. Dong et al., Boosting adversarial attacks with momentum, CVPR 2018
            gradient = velocity = momentum * velocity + gradient / gradient.abs().mean((1, 2, 3), keepdim=True).clamp_min(TINY)
        moved = moved + step * radius * norm.steepest(gradient, moved)
        moved = (origin + norm.project(moved - origin, radius)).clamp_(0, 1)
    result[left] = moved
    return result
