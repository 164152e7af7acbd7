"""Loss scaling for float16, in which gradients below 6e-8 are zero: the loss is multiplied by a power of two, and gradients divided by it.

P. Micikevicius et al., Mixed precision training, ICLR 2018, section 3.2. The scale is dynamic, like that of torch.amp.GradScaler; its
state is in the counters of a checkpoint, so that a resumed run continues with it.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from ..storage.checkpoint import Counters

FIRST, LEAST = 2.0**16, 1.0
GROWTH_STEPS = 2000  # without overflow, after which the scale is doubled


def current(counters: Counters, fp16: bool) -> float:
    """The factor on the loss of this step: a power of two, 1 without float16."""
    if not fp16:
        return 1.0
    counters.scale = counters.scale or FIRST
    return counters.scale


def unscale(gradients: Iterable[Tensor], scale: float) -> None:
    """Divide the gradients by the `scale`, in place and exactly."""
    if scale != 1:
        torch._foreach_mul_(list(gradients), 1 / scale)


def skipped(counters: Counters, finite: bool, log: Callable[[str], None]) -> bool:
    """Adapt the scale after a step with float16: halved and True where gradients are not `finite`, so that the step is left out.

    False for a step to take, and for one whose gradients are not finite even without a scale: that is no overflow of it.
    """
    if finite:
        counters.grown += 1
        if counters.grown == GROWTH_STEPS:
            counters.scale, counters.grown = 2 * counters.scale, 0
        return False
    if counters.scale <= LEAST:
        return False
    counters.scale, counters.grown, counters.skipped = counters.scale / 2, 0, counters.skipped + 1
    log(
        f"epoch {counters.epoch + 1}, step {counters.step + 1}: gradients overflow float16. The step is skipped "
        f"({counters.skipped} so far) and the loss scale halved to {counters.scale:g}"
    )
    return True
