"""Guided backpropagation and the deconvnet, equal to captum."""

import pytest
import torch
from torch import nn

from clearsight.look.why.rectified import deconvnet, guided_backprop


@pytest.mark.filterwarnings("ignore")  # captum warns that it sets hooks
def test_rectified_gradients_equal_captums_where_all_relus_are_modules():
    attr = pytest.importorskip("captum.attr")
    torch.manual_seed(0)
    layers = [
        nn.Conv2d(3, 8, 3),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(288, 4),
    ]
    model = nn.Sequential(*layers).double().eval()
    x, target = torch.randn(3, 3, 18, 18, dtype=torch.float64), torch.tensor([0, 1, 3])
    for ours, theirs in ((guided_backprop, attr.GuidedBackprop), (deconvnet, attr.Deconvolution)):
        wanted = theirs(model).attribute(x.clone().requires_grad_(), target).abs().amax(1)
        torch.testing.assert_close(ours(model, x, target), wanted, rtol=1e-9, atol=1e-12)
