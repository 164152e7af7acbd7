"""Universal perturbation: one change for all pictures.

S.-M. Moosavi-Dezfooli et al., Universal adversarial perturbations, CVPR 2017, by the gradient steps of A. Shafahi et al., 2018.
"""

import torch
from torch import Tensor

from ..gradient_ascent import grad_and_logits
from ..task import Task

BATCH = 64


def universal(task: Task, *, epochs: int = 10) -> Tensor:
    """The pictures `(N, C, H, W)` plus ONE change within ±ε, optimised on these pictures."""
    change = torch.zeros_like(task.pictures[:1])
    epochs = task.steps or epochs
    for epoch in range(epochs):
        for rows in torch.arange(len(task.labels), device=change.device).split(BATCH):
            gradient, _ = grad_and_logits(task.scores, (task.pictures[rows] + change).clamp(0, 1), task.labels[rows])
            step = task.epsilon * 0.4 * (1 - epoch / epochs)
            change = (change + step * gradient.sum(0, keepdim=True).sign()).clamp_(-task.epsilon, task.epsilon)
    return (task.pictures + change).clamp_(0, 1)
