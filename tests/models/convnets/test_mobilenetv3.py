"""MobileNetV3: its tables, and squeeze-and-excitation with a piecewise linear gate."""

import torch
from torch import nn

from clearsight import models
from clearsight.layers.blocks import InvertedResidual, SqueezeExcite
from tests.models.expected import check, rows


@rows("mobilenetv3")
def test_parameters_and_stages(row, expected):
    check(row, expected)


def blocks(name: str) -> list[InvertedResidual]:
    with torch.device("meta"):
        return [m for m in models.build(name, 3).modules() if isinstance(m, InvertedResidual)]


def test_the_lines_that_squeeze_and_excite_are_those_of_the_tables():
    """The column SE of tables 1 (large) and 2 (small)."""

    def lines(name):
        return [i for i, block in enumerate(blocks(name)) if any(isinstance(m, SqueezeExcite) for m in block.modules())]

    assert lines("mobilenet_v3_large") == [3, 4, 5, 10, 11, 12, 13, 14]
    assert lines("mobilenet_v3_small") == [0, 3, 4, 5, 6, 7, 8, 9, 10]


def test_the_lines_with_hard_swish_are_those_of_the_tables():
    def first(name):
        return next(i for i, block in enumerate(blocks(name)) if any(isinstance(m, nn.Hardswish) for m in block.modules()))

    assert (first("mobilenet_v3_large"), first("mobilenet_v3_small")) == (6, 3)


def test_the_gate_is_a_hard_sigmoid_of_the_means():
    model = models.build("mobilenet_v3_small", 3, height=32, width=32, seed=0).eval()
    module = next(m for m in model.modules() if isinstance(m, SqueezeExcite))
    x = torch.rand(2, module.fc1.in_channels, 3, 4, generator=torch.Generator().manual_seed(0))
    means = x.mean((2, 3))
    with torch.no_grad():
        hidden = torch.relu(means @ module.fc1.weight[..., 0, 0].T + module.fc1.bias)
        gate = ((hidden @ module.fc2.weight[..., 0, 0].T + module.fc2.bias) / 6 + 0.5).clamp(0, 1)
        torch.testing.assert_close(module(x), x * gate[..., None, None])


def test_dropout_is_after_the_hidden_layer():
    model = models.build("mobilenet_v3_small", 3, height=32, width=32, dropout=0.5, seed=0)
    assert [type(m).__name__ for m in model.classifier] == ["Linear", "Hardswish", "Dropout", "Linear"] and model.classifier[2].p == 0.5
