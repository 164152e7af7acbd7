"""Losses per image."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

AUXILIARY = 0.3  # of an auxiliary head's loss: C. Szegedy et al., Going deeper with convolutions, 2014, section 5


def classification_losses(outputs: Tensor, labels: Tensor, label_smoothing: float = 0.0) -> tuple[Tensor, Tensor]:
    """Logits `(N, K)` and cross-entropies `(N,)` of outputs `(N, K)`, or `(1 + A, N, K)` from a network with A auxiliary heads."""
    return losses_of_heads(outputs, lambda logits: F.cross_entropy(logits, labels, reduction="none", label_smoothing=label_smoothing))


def losses_of_heads(outputs: Tensor, loss: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """Logits `(N, K)` and losses `(N,)` of outputs as above, where `loss` maps logits to losses."""
    heads = outputs.unbind() if outputs.ndim == 3 else (outputs,)
    losses = [loss(logits) for logits in heads]
    for other in losses[1:]:
        losses[0] = losses[0] + AUXILIARY * other
    return heads[0], losses[0]


def mixed_losses(outputs: Tensor, labels: Tensor, others: Tensor, shares: Tensor, label_smoothing: float = 0.0) -> tuple[Tensor, Tensor]:
    """As `classification_losses`, where a share `(N,)` of each picture has the label and the rest that in `others` `(N,)`."""
    logits, losses = classification_losses(outputs, labels, label_smoothing)
    return logits, shares * losses + (1 - shares) * classification_losses(outputs, others, label_smoothing)[1]
