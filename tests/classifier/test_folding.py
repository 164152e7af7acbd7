"""The gradient at the input of a flatten has the layout of the input; nothing else is put into the graph."""

import pytest
import torch
from torch import nn

from clearsight.classifier.folding import _same_layout, folded


class Pooled(nn.Module):
    """A convolution, a pooling and a linear layer, with the flatten between them written in one of three ways."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way, self.conv, self.pool, self.fc = way, nn.Conv2d(1, 4, 3), nn.MaxPool2d(2), nn.Linear(36, 3)
        self.flatten = nn.Flatten()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool(self.conv(x).relu().contiguous())
        return self.fc({"module": self.flatten, "method": lambda y: y.flatten(1), "function": lambda y: torch.flatten(y, 1)}[self.way](x))


@pytest.mark.parametrize("way", ["module", "method", "function"])
def test_one_step_is_added_before_the_flatten(way):
    model = Pooled(way).eval()
    graph = folded(model).graph
    steps = [node for node in graph.nodes if node.target is _same_layout]
    assert len(steps) == 1 and [user.name for user in steps[0].users] == ["flatten"]
    x = torch.randn(2, 1, 8, 8)
    assert torch.equal(folded(model)(x), model(x))


def test_the_gradient_has_the_layout_of_the_values():
    seen = []
    leaf = torch.randn(2, 4, 3, 3).contiguous(memory_format=torch.channels_last).requires_grad_()
    values = leaf * 1
    same = _same_layout(values)
    values.register_hook(lambda gradient: seen.append(gradient.is_contiguous(memory_format=torch.channels_last)))
    same.flatten(1).sum().backward()
    assert seen == [True] and torch.equal(leaf.grad, torch.ones_like(leaf))
