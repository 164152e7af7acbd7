"""Local response normalisation that also works in bfloat16."""

import torch
from torch import Tensor, nn

HALF = (torch.bfloat16, torch.float16)


class ResponseNorm(nn.LocalResponseNorm):
    """Local response normalisation (A. Krizhevsky et al., 2012, section 3.3), in float32: torch's CPU kernel lacks bfloat16."""

    def forward(self, input: Tensor) -> Tensor:
        """`(N, C, H, W)` → the same shape and type."""
        return _normed(input, self.size, self.alpha, self.beta, self.k)


@torch.fx.wrap  # one node in a traced graph
def _normed(x: Tensor, size: int, alpha: float, beta: float, k: float) -> Tensor:
    wide = x.float() if x.dtype in HALF else x
    return nn.functional.local_response_norm(wide, size, alpha, beta, k).to(x.dtype)
