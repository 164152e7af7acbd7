"""What a network may learn other than the labels of its training pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from torch import Tensor

if TYPE_CHECKING:
    from ..compute import Working
    from ..interrupt import Stop
    from ..loop import Job


class Task(Protocol):
    """The two places where a training without a task looks at labels: what a step minimises, and how an epoch is judged.

    `cost` is the forward and backward passes a picture takes, in units of a plain step. Shapes: N pictures of a part of a batch.
    """

    cost: float

    def loss(self, job: Job, net: Working, index: Tensor, pictures: Tensor) -> tuple[Tensor, int]:
        """The loss, summed over the uint8 `pictures` (N, C, H, W) that lie at `index` (N,) of the training part, and how many are right."""
        ...

    def judge(self, job: Job, weights: dict[str, Tensor] | None, stop: Stop) -> dict[str, Any]:
        """What the epoch's row says of the validation pictures by `weights` (the model's own if None): `val_loss`, `val_accuracy`, …"""
        ...
