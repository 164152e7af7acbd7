"""Dropout of values, and of the branches of residual blocks (stochastic depth).

The mask of `Dropout` costs a random bit per value for p = 1/2, two for p = 1/4, otherwise a byte. torch's own draws serially on a CPU:
a fifth of a small network's step.
"""

import torch
from torch import Tensor, nn

DRAWN_BITS = {128: 1, 64: 2}  # per value, by the share that is dropped, in 256ths
WORDS = {torch.bfloat16: torch.int16, torch.float16: torch.int16, torch.float32: torch.int32, torch.float64: torch.int64}


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
    mask = _mask_of_bits(x, share) if share in DRAWN_BITS else _mask_of_bytes(x, share)
    return x * mask.as_strided(x.shape, x.stride())  # in the memory order of x, so that nothing is copied


def _mask_of_bytes(x: Tensor, share: int) -> Tensor:
    return (_random(x.numel(), torch.uint8) >= share).to(x.dtype).mul_(256 / (256 - share))


def _mask_of_bits(x: Tensor, share: int) -> Tensor:
    """Bit by bit of the random words, each moved to the sign and from there over the whole word, which is then 0 or the scale."""
    word = WORDS[x.dtype]
    size = torch.iinfo(word).bits
    words = _random(DRAWN_BITS[share] * -(-x.numel() // size), word).view(DRAWN_BITS[share], -1)
    kept = words[0] if len(words) == 1 else words[0] | words[1]  # one of two bits is set in 3/4 of the draws
    mask = torch.bitwise_left_shift(kept, torch.arange(size, dtype=word)[:, None])
    mask >>= size - 1
    mask &= int(torch.tensor(256 / (256 - share), dtype=x.dtype).view(word))
    return mask.view(x.dtype).flatten()[: x.numel()]


def _random(n: int, dtype: torch.dtype) -> Tensor:
    """`n` random integers of `dtype`; torch draws 64 bits at a time for any integer type."""
    return torch.empty(-(-n * dtype.itemsize // 8), dtype=torch.int64).random_(-(2**63), None).view(dtype)[:n]


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
