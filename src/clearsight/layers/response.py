"""Local response normalisation, in bfloat16 as well."""

import torch
from torch import Tensor, nn

HALF = (torch.bfloat16, torch.float16)


class ResponseNorm(nn.LocalResponseNorm):
    """A. Krizhevsky and others, 2012, section 3.3. Sums of squares are taken in float32: a processor's torch cannot in bfloat16."""

    def forward(self, input: Tensor) -> Tensor:
        """`(N, C, H, W)` → the same shape and type."""
        return _normed(input, self.size, self.alpha, self.beta, self.k)


@torch.fx.wrap  # one node for whoever follows a network layer by layer
def _normed(x: Tensor, size: int, alpha: float, beta: float, k: float) -> Tensor:
    wide = x.float() if x.dtype in HALF else x
    return nn.functional.local_response_norm(wide, size, alpha, beta, k).to(x.dtype)
