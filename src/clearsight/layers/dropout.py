"""Dropout of values, and of the branches of residual blocks (stochastic depth).

The mask of `Dropout` costs a byte per value. torch's own draws serially on a CPU: a fifth of a small network's step.
"""

import torch
from torch import Tensor, nn


class Dropout(nn.Dropout):
    """Set values to zero with probability `p`, rounded to 1/256, and scale the others up (N. Srivastava et al., 2014)."""

    def forward(self, input: Tensor) -> Tensor:
        """Tensors of any shape; the identity in evaluation mode."""
        return _dropped(input, min(255, round(256 * self.p))) if self.training and self.p else input


@torch.fx.wrap  # one node in a traced graph
def _dropped(x: Tensor, share: int) -> Tensor:
    if x.device.type != "cpu":  # a GPU draws in parallel anyway
        return nn.functional.dropout(x, share / 256)
    if not (x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last)):
        x = x.contiguous()
    words = torch.empty((x.numel() + 7) // 8, dtype=torch.int64).random_(-(2**63), None)
    kept = (words.view(torch.uint8)[: x.numel()] >= share).to(x.dtype).mul_(256 / (256 - share))
    return x * kept.as_strided(x.shape, x.stride())  # in the memory order of x, so that nothing is copied


class StochasticDepth(nn.Module):
    """Stochastic depth: drop a block's branch for each picture with probability `p` (G. Huang et al., 2016).

    The paper scales branches down in evaluation; here, as in torchvision and Keras, kept branches are scaled up in training.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """`(N, C, H, W)` → the same shape; the identity in evaluation mode."""
        return x * nn.functional.dropout(x.new_ones(x.shape[0], 1, 1, 1), self.p) if self.training and self.p else x
