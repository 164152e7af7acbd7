"""Spatial attack: rotation and translation. L. Engstrom et al., Exploring the landscape of spatial robustness, ICML 2019, grid search."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from ..gradient_ascent import misclassified
from ..task import Task

DEGREES = 300.0  # times ε: ε = 0.1 is 30° and a tenth of the side, as the paper has on 32 px
ANGLES, SHIFTS = (0.0, 1.0, -1.0, 0.5, -0.5, 0.75, -0.75, 0.25, -0.25), (0.0, 1.0, -1.0, 0.5, -0.5)


def spatial(task: Task) -> Tensor:
    """The worst of a grid of rotations up to ε·300° and shifts up to ε of the side; pixels from outside of the picture are black."""
    best = task.pictures.clone()
    value = torch.full_like(best[:, 0, 0, 0], -float("inf"))
    left = torch.nonzero(~task.fooled(best))[:, 0]
    for angle in ANGLES if task.epsilon else ():
        for down in SHIFTS:
            for across in SHIFTS:
                if not len(left) or not (angle or down or across):
                    continue
                moved = rotate_and_shift(task.pictures[left], angle * DEGREES * task.epsilon, down * task.epsilon, across * task.epsilon)
                logits = task.logits(moved)
                loss = F.cross_entropy(logits, task.labels[left], reduction="none")
                over = misclassified(logits, task.labels[left])
                worse = over | (loss > value[left])
                best[left[worse]], value[left[worse]] = moved[worse], loss[worse]
                left = left[~over]
    return best


def rotate_and_shift(pictures: Tensor, degrees: float, down: float, across: float) -> Tensor:
    """Pictures `(N, C, H, W)` rotated about their centre and then shifted by fractions of their sides."""
    height, width = pictures.shape[2:]
    cos, sin, tall = math.cos(math.radians(degrees)), math.sin(math.radians(degrees)), height / width
    rows = [[cos, sin * tall, -2 * across], [-sin / tall, cos, -2 * down]]
    grid = F.affine_grid(torch.tensor([rows]).expand(len(pictures), 2, 3), list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid.to(pictures), align_corners=False).clamp_(0, 1)
