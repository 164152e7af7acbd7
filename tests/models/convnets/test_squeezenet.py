"""SqueezeNet: fire modules, and a head at every place."""

import torch
import torch.nn.functional as F

from clearsight import models
from clearsight.models.convnets.squeezenet import Fire
from tests.models.expected import check, filled, rows, waves


@rows("squeezenet")
def test_parameters_and_stages(row, expected):
    check(row, expected)


def test_a_fire_module_is_figure_1():
    fire = filled(Fire(6, 2, 4))
    w, x = fire.state_dict(), waves(2, 6, 5, 7)
    squeezed = torch.relu(F.conv2d(x, w["squeeze.weight"], w["squeeze.bias"]))
    one = F.conv2d(squeezed, w["expand1x1.weight"], w["expand1x1.bias"])
    three = F.conv2d(squeezed, w["expand3x3.weight"], w["expand3x3.bias"], padding=1)
    with torch.no_grad():
        torch.testing.assert_close(fire(x), torch.relu(torch.cat([one, three], 1)))


def test_the_logits_are_the_mean_of_a_1x1_convolution_and_its_relu():
    """The authors' order: their last layer is a convolution, then ReLU, then the global average."""
    model = filled(models.build("squeezenet1_1", 5, height=40, width=56))
    torch.nn.init.constant_(model.head.bias, -0.2)  # so that the ReLU cuts some places
    x = waves(2, 3, 40, 56)
    with torch.no_grad():
        maps = F.conv2d(model.trunk(x), model.head.weight[..., None, None], model.head.bias)
        torch.testing.assert_close(model(x), torch.relu(maps).mean((2, 3)))
        torch.testing.assert_close(model.features(x), model.trunk(x).mean((2, 3)))
        assert not torch.allclose(model(x), model.head(model.features(x)))


def test_version_1_1_pools_earlier():
    with torch.device("meta"):
        pools = [
            [i for i, layer in enumerate(models.build(name, 5).trunk) if isinstance(layer, torch.nn.MaxPool2d)]
            for name in ("squeezenet1_0", "squeezenet1_1")
        ]
    assert pools == [[2, 6, 11], [2, 5, 8]]
