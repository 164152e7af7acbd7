"""Losses per image."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

AUXILIARY = 0.3  # of an auxiliary head's loss: C. Szegedy et al., Going deeper with convolutions, 2014, section 5


def classification_losses(outputs: Tensor, labels: Tensor, label_smoothing: float = 0.0, focal: float = 0.0) -> tuple[Tensor, Tensor]:
    """Logits `(N, K)` and cross-entropies `(N,)` of outputs `(N, K)`, or `(1 + A, N, K)` from a network with A auxiliary heads.

    With a `focal` above 0 they are focal losses, of that γ.
    """
    if focal:
        return losses_of_heads(outputs, lambda logits: focal_losses(logits, labels, focal, label_smoothing))
    return losses_of_heads(outputs, lambda logits: F.cross_entropy(logits, labels, reduction="none", label_smoothing=label_smoothing))


def focal_losses(logits: Tensor, labels: Tensor, gamma: float, label_smoothing: float = 0.0) -> Tensor:
    """Focal losses `(N,)` of `logits` (N, K): Σ q (1 − p)^γ (−ln p) over the classes, where q is 1 for the label, or smoothed as usual.

    T. Lin, P. Goyal, R. Girshick, K. He, P. Dollár, Focal loss for dense object detection, ICCV 2017. γ = 0 is cross-entropy.
    """
    logs = F.log_softmax(logits, dim=1)
    rest = (-torch.expm1(logs)).clamp_min(torch.finfo(logs.dtype).tiny)  # 1 − p, above 0: with γ < 1 the slope of 0^γ is infinite
    costs = -(rest**gamma * logs)
    losses = costs.gather(1, labels[:, None])[:, 0]
    if not label_smoothing:
        return losses
    return (1 - label_smoothing) * losses + costs.sum(1) * (label_smoothing / logits.shape[1])


def losses_of_heads(outputs: Tensor, loss: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """Logits `(N, K)` and losses `(N,)` of outputs as above, where `loss` maps logits to losses."""
    heads = outputs.unbind() if outputs.ndim == 3 else (outputs,)
    losses = [loss(logits) for logits in heads]
    for other in losses[1:]:
        losses[0] = losses[0] + AUXILIARY * other
    return heads[0], losses[0]


def mixed_losses(
    outputs: Tensor, labels: Tensor, others: Tensor, shares: Tensor, label_smoothing: float = 0.0, focal: float = 0.0
) -> tuple[Tensor, Tensor]:
    """As `classification_losses`, where a share `(N,)` of each picture has the label and the rest that in `others` `(N,)`."""
    logits, losses = classification_losses(outputs, labels, label_smoothing, focal)
    return logits, shares * losses + (1 - shares) * classification_losses(outputs, others, label_smoothing, focal)[1]
