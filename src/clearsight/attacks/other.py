"""Changes of other kinds: one for all pictures, a patch, a turn and a shift.

Universal: S.-M. Moosavi-Dezfooli et al., Universal adversarial perturbations, CVPR 2017, by the gradient steps of A. Shafahi et al.,
2018. Patch: T. Brown et al., Adversarial patch, 2017. Spatial: L. Engstrom et al., Exploring the landscape of spatial robustness,
ICML 2019, the worst of a grid.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ..base.randomness import uniform
from .gradient_ascent import missed, slope
from .task import Task

AT_ONCE = 64
DEGREES = 300.0  # times ε: with ε = 0.1, 30° and a tenth of the side, as the paper has on 32 px
ANGLES, PLACES = (0.0, 1.0, -1.0, 0.5, -0.5, 0.75, -0.75, 0.25, -0.25), (0.0, 1.0, -1.0, 0.5, -0.5)


def universal(task: Task, *, epochs: int = 10) -> Tensor:
    """ONE change within ±ε, learnt on these pictures, for all of them."""
    change = torch.zeros_like(task.pictures[:1])
    epochs = task.steps or epochs
    for epoch in range(epochs):
        for rows in torch.arange(len(task.labels), device=change.device).split(AT_ONCE):
            gradient, _ = slope(task.scores, (task.pictures[rows] + change).clamp(0, 1), task.labels[rows])
            step = task.epsilon * 0.4 * (1 - epoch / epochs)
            change = (change + step * gradient.sum(0, keepdim=True).sign()).clamp_(-task.epsilon, task.epsilon)
    return (task.pictures + change).clamp_(0, 1)


def patch(task: Task, *, epochs: int = 20) -> Tensor:
    """ONE square of a share ε of the area, learnt on these pictures, at a random place of each."""
    channels, height, width = task.pictures.shape[1:]
    side = min(int(math.sqrt(task.epsilon * height * width + 1e-9)), height, width)
    if not side:
        return task.pictures.clone()
    put = _putting(task, side)
    square = torch.full((1, channels, side, side), 0.5, device=task.pictures.device)
    epochs = task.steps or epochs
    for epoch in range(epochs):
        for rows in torch.arange(len(task.labels), device=square.device).split(AT_ONCE):
            leaf = square.requires_grad_()
            with torch.enable_grad():
                loss = F.cross_entropy(task.scores(put(rows, leaf)), task.labels[rows])
                (gradient,) = torch.autograd.grad(loss, leaf)
            square = (square.detach() + 0.2 * (1 - epoch / epochs) * gradient.sign()).clamp_(0, 1)
    return torch.cat([put(rows, square.detach()) for rows in torch.arange(len(task.labels), device=square.device).split(AT_ONCE)])


def _putting(task: Task, side: int) -> Callable[[Tensor, Tensor], Tensor]:
    """A function of rows and a square that gives these pictures with the square on them."""
    height, width = task.pictures.shape[2:]
    draws = uniform(task.seed, 0, task.indices, "patch", 2).to(task.pictures.device)
    top, left = ((draws[:, k] * (most - side + 1)).long()[:, None] for k, most in ((0, height), (1, width)))
    down, across = (torch.arange(most, device=top.device) - start for most, start in ((height, top), (width, left)))
    inside = ((down >= 0) & (down < side))[:, None, :, None] & ((across >= 0) & (across < side))[:, None, None, :]

    def put(rows: Tensor, square: Tensor) -> Tensor:
        y, x = down[rows].clamp(0, side - 1), across[rows].clamp(0, side - 1)
        return torch.where(inside[rows], square[0][:, y[:, :, None], x[:, None, :]].transpose(0, 1), task.pictures[rows])

    return put


def spatial(task: Task) -> Tensor:
    """The worst of a grid of turns up to ε·300° and shifts up to ε of the side; outside of the picture it is black."""
    best = task.pictures.clone()
    value = torch.full_like(best[:, 0, 0, 0], -float("inf"))
    left = torch.nonzero(~task.fooled(best))[:, 0]
    for angle in ANGLES if task.epsilon else ():
        for down in PLACES:
            for across in PLACES:
                if not len(left) or not (angle or down or across):
                    continue
                moved = turned(task.pictures[left], angle * DEGREES * task.epsilon, down * task.epsilon, across * task.epsilon)
                logits = task.logits(moved)
                loss = F.cross_entropy(logits, task.labels[left], reduction="none")
                over = missed(logits, task.labels[left])
                worse = over | (loss > value[left])
                best[left[worse]], value[left[worse]] = moved[worse], loss[worse]
                left = left[~over]
    return best


def turned(pictures: Tensor, degrees: float, down: float, across: float) -> Tensor:
    """Pictures turned about their middle and then shifted by shares of their sides."""
    height, width = pictures.shape[2:]
    cos, sin, tall = math.cos(math.radians(degrees)), math.sin(math.radians(degrees)), height / width
    rows = [[cos, sin * tall, -2 * across], [-sin / tall, cos, -2 * down]]
    grid = F.affine_grid(torch.tensor([rows]).expand(len(pictures), 2, 3), list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid.to(pictures), align_corners=False).clamp_(0, 1)
