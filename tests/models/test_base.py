"""The interface of every network, by the smallest one that keeps it."""

import copy

import pytest
import torch
from torch import nn

from clearsight import models
from clearsight.models.base import Model, in_parts


class Means(Model):
    HEAD = "deep.last"

    def __init__(self) -> None:
        super().__init__()
        self.deep = nn.ModuleDict({"last": nn.Linear(3, 2)})

    def features(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean((2, 3))


def test_the_logits_are_the_head_of_the_features():
    model, x = Means(), torch.rand(4, 3, 5, 6, generator=torch.Generator().manual_seed(0))
    assert model.head is model.deep["last"]
    torch.testing.assert_close(model(x), x.mean((2, 3)) @ model.head.weight.T + model.head.bias)


def test_a_network_without_features_says_so():
    with pytest.raises(TypeError, match="Unfinished must define its features"):
        type("Unfinished", (Model,), {})().features(torch.zeros(1, 3, 4, 4))


def test_a_head_is_a_linear_layer():
    model = Means()
    model.deep["last"] = nn.Identity()
    with pytest.raises(AssertionError):
        _ = model.head


def test_networks_without_data_in_their_weights_ignore_initialise():
    model = models.build("lenet5", 3, channels=1, height=28, width=28, seed=0)
    before = copy.deepcopy(model.state_dict())
    model.initialise(torch.rand(4, 1, 28, 28))
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())


def test_parts_of_a_batch_are_computed_together_while_exporting(monkeypatch):
    """A loop over parts would fix the batch of the traced graph."""
    seen = []

    def features(x):
        seen.append(len(x))
        return 2 * x

    x = torch.arange(5.0)[:, None]
    assert torch.equal(in_parts(features, x, 2), 2 * x) and seen == [2, 2, 1]
    monkeypatch.setattr(torch.compiler, "is_exporting", lambda: True)
    assert torch.equal(in_parts(features, x, 2), 2 * x) and seen[3:] == [5]
