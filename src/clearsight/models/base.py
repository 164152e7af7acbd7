"""The interface of every network."""

from collections.abc import Callable

import torch
from torch import Tensor, nn


class Model(nn.Module):
    """`features(x)` is the vector before the head, `head` the softmax regression on it, `forward(x)` the logits.

    `HEAD` is the authors' name of the last layer. `STAGES` names the submodules that are stages, in the order of computation.
    `LR_SCALES` gives vectors and linear layers, by the ends of their names, learning rates of their own under Muon, as
    factors on that of the convolutions. `LOOKS_AT` is the largest number of training pictures for
    `initialise`. `HALVES` is whether bfloat16 is precise enough for the network.
    """

    HEAD = "fc"
    STAGES: tuple[str, ...] = ()
    LOOKS_AT = 2048
    HALVES = True
    LR_SCALES: dict[str, float] = {}  # noqa: RUF012 — replaced per class, never changed

    @property
    def head(self) -> nn.Linear:
        """The last linear layer."""
        layer = self.get_submodule(self.HEAD)
        assert isinstance(layer, nn.Linear)
        return layer

    def features(self, x: Tensor) -> Tensor:
        """The feature vectors `(N, D)` of inputs `(N, C, H, W)`."""
        raise TypeError(f"{type(self).__name__} must define its features")

    def forward(self, x: Tensor) -> Tensor:
        """Logits `(N, K)` of inputs `(N, C, H, W)`; in training `(1 + A, N, K)` where a network has A auxiliary heads."""
        logits: Tensor = self.head(self.features(x))
        return logits

    def initialise(self, inputs: Tensor) -> None:
        """Set weights from some normalised training inputs `(N, C, H, W)`, once, before the first step; most networks do nothing."""


def in_parts(features: Callable[[Tensor], Tensor], x: Tensor, most: int) -> Tensor:
    """`features` of `x` `(N, …)`, at most `most` rows at a time, for what would need much memory; in an exported graph all at once."""
    if torch.compiler.is_exporting() or x.shape[0] <= max(1, most):
        return features(x)
    return torch.cat([features(part) for part in x.split(max(1, most))])
