"""The layer and channels that are shown where none are named."""

import pytest
import torch
from torch import nn

from clearsight.base.errors import UsageError
from clearsight.look.defaults import largest, last_convolution, most_active


def network() -> nn.Sequential:
    net = nn.Sequential(nn.Conv2d(1, 3, 1, bias=False), nn.ReLU(), nn.Conv2d(3, 3, 1, bias=False), nn.Flatten(), nn.Linear(12, 2))
    with torch.no_grad():
        net[0].weight.copy_(torch.ones(3, 1, 1, 1))
        net[2].weight.copy_(torch.tensor([1.0, -9.0, 4.0]).view(3, 1, 1, 1).expand(3, 3, 1, 1))
    return net


def test_the_last_convolution_and_its_strongest_channels():
    net = network()
    assert last_convolution(net) == "2"
    assert most_active(net, torch.ones(2, 1, 2, 2), "2", 2) == [1, 2] == largest(net, "2", 2)
    assert largest(net, "1", 2) == [0, 1], "a ReLU has no weights"
    with pytest.raises(UsageError, match="no convolution: name a layer"):
        last_convolution(nn.Linear(2, 2))
