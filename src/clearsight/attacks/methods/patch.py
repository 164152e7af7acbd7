"""Adversarial patch: one square that is put on every picture. T. Brown et al., Adversarial patch, 2017."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ...base.randomness import uniform
from ..task import Task

BATCH = 64


def patch(task: Task, *, epochs: int = 20) -> Tensor:
    """The pictures `(N, C, H, W)` with ONE square of a fraction ε of the area, optimised on them, at a random place of each."""
    channels, height, width = task.pictures.shape[1:]
    side = min(int(math.sqrt(task.epsilon * height * width + 1e-9)), height, width)
    if not side:
        return task.pictures.clone()
    put = _placing(task, side)
    square = torch.full((1, channels, side, side), 0.5, device=task.pictures.device)
    epochs = task.steps or epochs
    for epoch in range(epochs):
        for rows in torch.arange(len(task.labels), device=square.device).split(BATCH):
            leaf = square.requires_grad_()
            with torch.enable_grad():
                loss = F.cross_entropy(task.scores(put(rows, leaf)), task.labels[rows])
                (gradient,) = torch.autograd.grad(loss, leaf)
            square = (square.detach() + 0.2 * (1 - epoch / epochs) * gradient.sign()).clamp_(0, 1)
    return torch.cat([put(rows, square.detach()) for rows in torch.arange(len(task.labels), device=square.device).split(BATCH)])


def _placing(task: Task, side: int) -> Callable[[Tensor, Tensor], Tensor]:
    """A function of row indices and a square `(1, C, side, side)` that returns these pictures with the square on them."""
    height, width = task.pictures.shape[2:]
    draws = uniform(task.seed, 0, task.indices, "patch", 2).to(task.pictures.device)
    top, left = ((draws[:, k] * (most - side + 1)).long()[:, None] for k, most in ((0, height), (1, width)))
    down, across = (torch.arange(most, device=top.device) - start for most, start in ((height, top), (width, left)))
    inside = ((down >= 0) & (down < side))[:, None, :, None] & ((across >= 0) & (across < side))[:, None, None, :]

    def put(rows: Tensor, square: Tensor) -> Tensor:
        y, x = down[rows].clamp(0, side - 1), across[rows].clamp(0, side - 1)
        return torch.where(inside[rows], square[0][:, y[:, :, None], x[:, None, :]].transpose(0, 1), task.pictures[rows])

    return put
