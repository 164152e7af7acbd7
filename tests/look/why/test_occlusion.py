"""Occlusion by hand."""

import torch
from torch import nn

from clearsight.look.why.occlusion import occlusion
from tests.look.why.small import FIRST, PIXELS


def test_occlusion_by_hand():
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 2, bias=False))
    with torch.no_grad():
        model[1].weight[0] = 1.0
    # squares of 2 px side by side: each pixel has the sum of its square
    sums = PIXELS[0, 0].unfold(0, 2, 2).unfold(1, 2, 2).sum((2, 3)).repeat_interleave(2, 0).repeat_interleave(2, 1)
    torch.testing.assert_close(occlusion(model, PIXELS, FIRST, 2, 2)[0], sums)
