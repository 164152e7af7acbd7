"""Why one class and not another: a network whose answer is the difference of two logits, explained as any other."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from ...base.compute.undisturbed import undisturbed
from .gradients import chosen
from .table import Method


@contextmanager
def contrasted(model: nn.Module, index: int, against: int) -> Iterator[None]:
    """`model` puts out half the difference of the logits `index` and `against`, and half of it the other way, `(N, 2)`.

    Afterwards it is as before. The softmax of the two is how these classes share the probability that the network gives them together.
    """

    def halves(_m: nn.Module, _i: Any, out: Any) -> Tensor:
        one, other = (chosen(out, torch.full((len(out),), k, device=out.device)) for k in (index, against))
        return torch.stack([(one - other) / 2, (other - one) / 2], 1)

    with undisturbed(model):  # which removes the hook
        model.register_forward_hook(halves)
        yield


def one_sided(row: Method, label: str, against: str) -> Method:
    """The method for a network that is `contrasted`: what speaks for `label` rather than `against`, in the size of the whole difference.

    What speaks the other way is cut off: it is the map of the other question.
    """

    def run(model: nn.Module, x: Tensor, target: Tensor, *layer: str) -> Tensor:
        return 2 * row.run(model, x, target, *layer).clamp_min(0)

    return replace(row, run=run, signed=False, says=f"{row.says}; the logit is that of {label} less that of {against}")
