"""Train by a loss of your own, and compare it with cross-entropy on the same pictures."""

import torch.nn.functional as F
from torch import Tensor

import clearsight as cs


def focal(logits: Tensor, labels: Tensor, gamma: float = 2.0) -> Tensor:
    """Easy pictures weigh less. T.-Y. Lin et al., Focal loss for dense object detection, 2017."""
    losses = F.cross_entropy(logits, labels, reduction="none")
    return losses * (1 - (-losses).exp()) ** gamma


cs.testing.check_objective(focal)
plain = cs.train("digits", model="lenet5", epochs=3)
own = cs.train("digits", model="lenet5", epochs=3, objective=focal)
print(cs.compare(plain, own).sentence)
