"""FixMatch: semi-supervised training on few labelled and many unlabelled images (K. Sohn et al., NeurIPS 2020).

Shapes: N images of a micro-batch, L labelled ones added to them, K classes.
"""

import torch
from torch import Tensor

from ...augment import pipeline
from ...base.randomness import key, permutation
from ..compute.training_model import TrainingModel
from ..context import TrainingContext
from ..optim.loss import classification_losses
from .objective import Objective

RATIO = 7  # images without a label for each with one, as in the paper


class FixMatch(Objective):
    """Cross-entropy of labelled images, plus that of strong views by the confident predictions on weak views."""

    cost = 2 + 1 / RATIO

    def __init__(self, threshold: float, labelled: int, strong: str) -> None:
        self.threshold, self.labelled, self.strong = threshold, labelled, pipeline.parse(strong)

    def loss(self, context: TrainingContext, net: TrainingModel, index: Tensor, pictures: Tensor) -> tuple[Tensor, int]:
        """Cross-entropy of labelled images drawn for this micro-batch, plus that of its pseudo-labels; and the labelled hits."""
        recipe, n = context.recipe, len(index)
        known, inputs = self._labelled(context, index)
        labels = context.labels(known)
        mild, _ = context.prepared(index, pictures)
        strong = context.views(self.strong, index, pictures, key(recipe.seed, "strong"), context.state.counters.epoch)
        outputs = net.outputs(torch.cat([inputs, mild, strong]))
        logits, losses = classification_losses(outputs[..., : len(known), :], labels, recipe.label_smoothing)
        sure, guessed = confident(outputs[..., len(known) : len(known) + n, :].detach())
        _, others = classification_losses(outputs[..., len(known) + n :, :], guessed)
        loss = losses.mean() + (others * (sure >= self.threshold)).mean()
        hits = (logits.detach().argmax(1) == labels).float().mean()
        return n * loss, round(n * float(hits))

    def _labelled(self, context: TrainingContext, index: Tensor) -> tuple[Tensor, Tensor]:
        """The labelled images drawn for those at `index`, int64 `(L,)`, and weak views of them: each step draws others."""
        counters = context.state.counters
        drawn = key(context.recipe.seed, "labelled", counters.step, int(index[0]))
        place = torch.arange(max(1, len(index) // RATIO))
        known = permutation(drawn, counters.epoch, self.labelled)[place % self.labelled]
        copies = known + place // self.labelled * len(context.train)  # an image drawn twice is augmented in two ways
        return known, context.views(context.ops, copies, context.train.batch(known), drawn, counters.epoch)


def confident(outputs: Tensor) -> tuple[Tensor, Tensor]:
    """Confidence `(N,)` and predicted class `(N,)` of the outputs of weak views."""
    logits = outputs[0] if outputs.ndim == 3 else outputs
    sure, guessed = logits.softmax(1).max(1)
    return sure, guessed
