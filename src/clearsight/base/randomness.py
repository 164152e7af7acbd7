"""Counter-based randomness: a draw is a pure function of (seed, epoch, sample index, operation).

So the pictures are the same for any number of workers, any batch size and after any resume, and there
is no generator state to save. The mixer is splitmix64 (Steele, Lea, Flood, OOPSLA 2014), on int64 tensors.
"""

import hashlib

import torch
from torch import Tensor

_GOLDEN = 0x9E3779B97F4A7C15
_MIX1 = 0xBF58476D1CE4E5B9
_MIX2 = 0x94D049BB133111EB


def _signed(value: int) -> int:
    value &= 0xFFFFFFFFFFFFFFFF
    return value - (1 << 64) if value >= 1 << 63 else value


def _shift_right(x: Tensor, bits: int) -> Tensor:
    return (x >> bits) & ((1 << (64 - bits)) - 1)  # int64 shifts keep the sign; the mask drops it


def _mix(x: Tensor) -> Tensor:
    x = (x ^ _shift_right(x, 30)) * _signed(_MIX1)
    x = (x ^ _shift_right(x, 27)) * _signed(_MIX2)
    return x ^ _shift_right(x, 31)


def key(*parts: int | str) -> int:
    """A 63-bit key from whole numbers and names; the same on every machine."""
    text = "/".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def uniform(seed: int, epoch: int, indices: Tensor, operation: str, draws: int = 1) -> Tensor:
    """Uniform numbers in [0, 1), float32 `(N, draws)`, for the samples `indices` (int64 `(N,)`)."""
    start = _signed(key(seed, epoch, operation))
    counters = _mix(indices.to(torch.int64) * _signed(_GOLDEN) + start)
    lanes = torch.arange(1, draws + 1, dtype=torch.int64, device=indices.device) * _signed(_GOLDEN)
    bits = _mix(counters[:, None] + lanes[None, :])
    return _shift_right(bits, 40).to(torch.float32) * 2.0**-24


def permutation(seed: int, epoch: int, n: int) -> Tensor:
    """The order of `n` samples in this epoch, int64 `(n,)`."""
    generator = torch.Generator().manual_seed(key(seed, epoch, "order"))
    return torch.randperm(n, generator=generator)
