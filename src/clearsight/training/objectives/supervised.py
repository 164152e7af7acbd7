"""Supervised training: cross-entropy or focal loss by the labels, of images as they are or mixed in pairs (mixup, cutmix)."""

from torch import Tensor

from ...augment import mix
from ..compute.training_model import TrainingModel
from ..context import TrainingContext
from ..optim.loss import classification_losses, mixed_losses
from .objective import Objective


class Supervised(Objective):
    """Cross-entropy by the labels, weighted by class."""

    copies = True

    def loss(self, context: TrainingContext, net: TrainingModel, index: Tensor, pictures: Tensor) -> tuple[Tensor, int]:
        """The weighted cross-entropy, summed over the pictures, and how many are right."""
        inputs, labels = context.prepared(index, pictures)
        logits, losses = self.losses(context, net, index, inputs, labels)
        return (losses * context.class_weights[labels]).sum(), int((logits.detach().argmax(1) == labels).sum())

    def losses(self, context: TrainingContext, net: TrainingModel, index: Tensor, inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Logits `(N, K)` and losses `(N,)` of normalised `inputs` (N, C, H, W)."""
        return classification_losses(net.outputs(inputs), labels, context.recipe.label_smoothing, context.recipe.focal)


class Mixing(Supervised):
    """Cross-entropy of images that are mixed in pairs, by the labels of both."""

    def __init__(self, mixes: tuple[mix.Mix, ...]) -> None:
        self.mixes = mixes

    def losses(self, context: TrainingContext, net: TrainingModel, index: Tensor, inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """As of plain training; a share of each picture has its own label, the rest that of its partner."""
        recipe = context.recipe
        inputs, other, shares = mix.mixed(inputs, index, self.mixes, recipe.seed, context.state.counters.epoch)
        return mixed_losses(net.outputs(inputs), labels, labels[other], shares, recipe.label_smoothing, recipe.focal)
