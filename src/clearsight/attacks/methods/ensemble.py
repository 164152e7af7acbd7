"""AutoAttack: F. Croce, M. Hein, ICML 2020. Each picture is passed to the next attack only if none has succeeded yet."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor

from ..task import Task
from .apgd import apgd, apgd_targeted
from .minimum_norm import fab_targeted
from .square import square

STANDARD = (apgd, apgd_targeted, fab_targeted, square)
IN_L2 = (partial(apgd, norm="l2"), partial(apgd_targeted, norm="l2"), partial(fab_targeted, norm="l2"))


def ensemble(task: Task, attacks: Sequence[Callable[[Task], Tensor]] = STANDARD) -> Tensor:
    """The union of `attacks`: APGD on cross-entropy, APGD and FAB towards nine classes, Square, with AutoAttack's settings."""
    result, left = task.pictures.clone(), torch.nonzero(~task.fooled(task.pictures))[:, 0]
    for run in attacks:
        if not len(left):
            break
        part = task.only(left)
        found = run(part)
        fooled = part.fooled(found)
        result[left[fooled]] = found[fooled]
        left = left[~fooled]
    return result
