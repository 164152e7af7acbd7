"""PGD, and the attacks that are PGD with other settings: FGSM, BIM, MI-FGSM.

FGSM: I. Goodfellow, J. Shlens, C. Szegedy, Explaining and harnessing adversarial examples, 2014. BIM and the targeted step: A. Kurakin
et al., Adversarial examples in the physical world, 2016. MI-FGSM: Y. Dong et al., 2018. PGD: A. Madry et al., 2017.
"""

import dataclasses

import torch
from torch import Tensor

from ..gradient_ascent import NORMS, ascend, cross_entropy, is_target, misclassified, per_picture, random_start, targeted_loss
from ..task import Task


def pgd(
    task: Task, *, norm: str = "linf", steps: int, step: float, random: bool = False, momentum: float = 0.0, restarts: int = 1
) -> Tensor:
    """The pictures `(N, C, H, W)` after `steps` steps of size `step`·ε, from a random start if `random`.

    With a random start, pictures that are not misclassified are tried up to `restarts` times. With `task.targets` the attack is targeted.
    """
    rule, radius = NORMS[norm], per_picture(task.epsilon, task.pictures)
    if task.steps and task.steps != steps:
        steps, step = task.steps, step * steps / task.steps  # the same path length
    wanted, loss, done = (task.labels, cross_entropy, misclassified) if task.targets is None else (task.targets, targeted_loss, is_target)
    result = task.pictures.clone()
    left = torch.arange(len(result), device=result.device)
    if random:  # a picture that is misclassified already keeps its place
        left = left[~done(task.logits(task.pictures), wanted)]
    attempts = (task.restarts or restarts) if random else 1
    for attempt in range(attempts):
        if not len(left):
            break
        origin, aims = task.pictures[left], wanted[left]
        start = random_start(origin, radius[left], rule, task.indices[left], task.seed, attempt) if random else None
        result[left] = ascend(
            task.scores, origin, aims, radius[left].flatten(),
            norm=rule, steps=steps, step=step, start=start, loss=loss, momentum=momentum,
            done=None if task.sure else done, first=None if random or task.targets is not None else task.first,
            batch=task.batch,
        )  # fmt: skip
        if attempt + 1 < attempts:
            left = left[~done(task.logits(result[left]), aims)]
    return result


def fgsm_targeted(task: Task) -> Tensor:
    """One step towards `task.targets`, or towards the least likely class."""
    if task.targets is None:
        task = dataclasses.replace(task, targets=task.logits(task.pictures).argmin(1))
    return pgd(task, steps=1, step=1.0)


def noise(task: Task) -> Tensor:
    """A uniformly random change within the L∞ ball: the baseline that every attack must beat."""
    radius = per_picture(task.epsilon, task.pictures)
    return random_start(task.pictures, radius, NORMS["linf"], task.indices, task.seed)
