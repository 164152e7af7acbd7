"""VGG: columns of table 1, and the small head."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from clearsight import models
from tests.models.expected import check, filled, rows, waves


@rows("vgg")
def test_parameters_and_stages(row, expected):
    check(row, expected)


@pytest.mark.parametrize(("name", "layers"), [("vgg11", 11), ("vgg13", 13), ("vgg16", 16), ("vgg19", 19), ("vgg16_bn", 16)])
def test_the_number_is_that_of_layers_with_weights(name, layers):
    with torch.device("meta"):
        modules = list(models.build(name, 5).modules())
    assert sum(isinstance(m, nn.Conv2d | nn.Linear) for m in modules) == layers
    assert sum(isinstance(m, nn.BatchNorm2d) for m in modules) == (layers - 3 if name.endswith("_bn") else 0)
    assert {(m.kernel_size, m.padding) for m in modules if isinstance(m, nn.Conv2d)} == {((3, 3), (1, 1))}


def test_it_is_column_a():
    model = filled(models.build("vgg11", 5, height=40, width=64))
    convolutions, x = iter([m for m in model.trunk if isinstance(m, nn.Conv2d)]), waves(2, 3, 40, 64)
    y = x
    for count in (1, 1, 2, 2, 2):
        for _ in range(count):
            layer = next(convolutions)
            y = torch.relu(F.conv2d(y, layer.weight, layer.bias, padding=1))
        y = F.max_pool2d(y, 2)
    y = y.mean((2, 3))  # the small head
    with torch.no_grad():
        for i in (0, 3):
            y = torch.relu(F.linear(y, model.classifier[i].weight, model.classifier[i].bias))
        torch.testing.assert_close(model.features(x), y, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("size", "inputs", "hidden"), [((64, 64), 512, 512), ((65, 64), 25088, 4096), ((32, 224), 25088, 4096)], ids=str)
def test_the_small_head_ends_at_64_px(size, inputs, hidden):
    with torch.device("meta"):
        first = models.build("vgg11", 5, height=size[0], width=size[1]).classifier[0]
    assert (first.in_features, first.out_features) == (inputs, hidden)
