"""The protocol of an objective: what a training step minimises, and how an epoch is scored."""

from abc import ABC, abstractmethod

from torch import Tensor

from ..compute.training_model import TrainingModel
from ..context import TrainingContext
from ..interrupt import Stop
from ..validation.validate import scores, validate


class Objective(ABC):
    """One way to learn. `loss` is all that a new one has to bring; the rest has defaults.

    `cost` is the forward and backward passes per image, in units of a plain step (for the time budget); `repeats` the updates per batch;
    `copies` whether the `index` of its methods may be N or more, for further copies of the N training images in an epoch.
    """

    cost: float = 1.0
    repeats: int = 1
    copies: bool = False

    @property
    def provenance(self) -> dict[str, str]:
        """What it learns from besides the data, such as a teacher, for the metadata of the artefact."""
        return {}

    def before_step(self, context: TrainingContext, net: TrainingModel) -> None:  # noqa: B027 — a hook
        """Called once per batch, before its first update."""

    @abstractmethod
    def loss(self, context: TrainingContext, net: TrainingModel, index: Tensor, pictures: Tensor) -> tuple[Tensor, int]:
        """The loss, summed over the uint8 `pictures` (N, C, H, W) at `index` (N,) of the training images, and how many are right.

        Logits come from `net.outputs(inputs)`, and normalised inputs from `context.prepared(index, pictures)`.
        """

    def after_backward(self, index: Tensor) -> None:  # noqa: B027 — a hook
        """Called after the gradients of the micro-batch at `index` (N,) were added."""

    def judge(self, context: TrainingContext, weights: dict[str, Tensor] | None, stop: Stop) -> dict[str, float]:
        """The epoch's scores on validation with `weights` (None: the model's own): `val_loss`, `val_accuracy` and what else it measures."""
        return scores(validate(context, weights, stop), context.val.labels)

    def failed(self, context: TrainingContext) -> bool:
        """Whether the training has failed for good, and is stopped."""
        return False

    def after_epoch(self, context: TrainingContext) -> None:  # noqa: B027 — a hook
        """Called after the epoch's row was written."""
