"""Response normalisation against torch."""

import pytest
import torch
from torch import nn

from clearsight.layers.response import ResponseNorm


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
def test_response_norm_is_torchs_in_any_type(kind):
    x = torch.randn(2, 8, 5, 5, generator=torch.Generator().manual_seed(0)).to(kind)
    ours, theirs = ResponseNorm(5, 5e-4, 0.75, 2.0), nn.LocalResponseNorm(5, 5e-4, 0.75, 2.0)
    found = ours(x)
    wide = x.float() if kind.itemsize == 2 else x
    assert found.dtype == kind and torch.equal(found, theirs(wide).to(kind))
