"""Values, or the branches of residual blocks, left out at random in training.

The mask of `Dropout` costs a byte a value: torch draws its own one value at a time, a fifth of a small network's step.
"""

import torch
from torch import Tensor, nn


class Dropout(nn.Dropout):
    """Sets values to zero with probability `p`, rounded to a 256th, and scales the others up (Srivastava et al., 2014)."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape; at rest (`eval`) the identity."""
        return _dropped(input, min(255, round(256 * self.p))) if self.training and self.p else input


@torch.fx.wrap  # one node for whoever follows a network layer by layer
def _dropped(x: Tensor, share: int) -> Tensor:
    if x.device.type != "cpu":  # a GPU draws in parallel anyway
        return nn.functional.dropout(x, share / 256)
    if not (x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last)):
        x = x.contiguous()
    words = torch.empty((x.numel() + 7) // 8, dtype=torch.int64).random_(-(2**63), None)
    kept = (words.view(torch.uint8)[: x.numel()] >= share).to(x.dtype).mul_(256 / (256 - share))
    return x * kept.as_strided(x.shape, x.stride())  # in the order of x in memory: no value is moved


class StochasticDepth(nn.Module):
    """G. Huang and others, Deep networks with stochastic depth, 2016: what a block adds is left out, for each picture with probability `p`.

    The paper weakens at rest what it kept in training; here, as in torchvision and Keras, what is kept is made stronger in training.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """`(N, C, H, W)`; at rest (`eval`) the identity."""
        return x * nn.functional.dropout(x.new_ones(x.shape[0], 1, 1, 1), self.p) if self.training and self.p else x
