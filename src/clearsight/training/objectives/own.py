"""An objective of your own: a loss function, or a class of `Objective`, named in text as `@package.module:name`.

The protocol of a loss function: `loss(logits, labels)`, float32 `(N, K)` and int64 `(N,)` in, a loss for each picture `(N,)` out.
`clearsight.testing.check_objective` tries one against it.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from torch import Tensor

from ...base.code import imported, word_of
from ...base.errors import UsageError
from ..compute.training_model import TrainingModel
from ..context import TrainingContext
from ..optim.loss import losses_of_heads
from .objective import Objective
from .supervised import Supervised

Loss: TypeAlias = Callable[[Tensor, Tensor], Tensor]
KIND = "an objective"
LENT: dict[str, Callable[..., Any]] = {}  # objects of this process, by the name they are imported by: a notebook's cannot be


def lend(objective: Loss | type[Objective]) -> str:
    """The name, `@package.module:name`, of a function or class; raises UsageError for one that is inside a function."""
    word = word_of(objective, KIND)
    LENT[word] = objective
    return word


class OwnLoss(Supervised):
    """Supervised training by a loss function of the user's own, weighted by class."""

    def __init__(self, function: Loss, name: str) -> None:
        self.function, self.name = function, name

    def losses(self, context: TrainingContext, net: TrainingModel, index: Tensor, inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Logits `(N, K)` and losses `(N,)` of normalised `inputs` (N, C, H, W); raises UsageError for losses of another shape."""
        return losses_of_heads(net.outputs(inputs), lambda logits: per_picture(self.function(logits, labels), labels, self.name))


def per_picture(losses: Tensor, labels: Tensor, name: str) -> Tensor:
    """The `losses`, if they are one for each of the `labels` (N,) and have gradients; raises UsageError."""
    shape = tuple(losses.shape) if isinstance(losses, Tensor) else type(losses).__name__
    if shape != tuple(labels.shape):
        raise UsageError(f'{KIND} {name} must return a loss for each picture, {tuple(labels.shape)} here: reduction="none". Got {shape}.')
    if not losses.requires_grad:
        raise UsageError(f"{KIND} {name} returns losses without a gradient: compute them from the logits by torch's functions.")
    return losses


def own_objective(word: str) -> Objective:
    """The objective that `@package.module:name` names; raises UsageError where it is not allowed, cannot be imported or made."""
    found = LENT[word] if word in LENT else imported(word, KIND)
    if not isinstance(found, type):
        return OwnLoss(found, word)
    try:
        made = found()
    except TypeError as error:
        raise UsageError(f"{KIND} {word} is a class that must be made without arguments ({error}).") from error
    return made if isinstance(made, Objective) else OwnLoss(made, word)
