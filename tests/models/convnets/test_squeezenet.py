"""SqueezeNet: fire modules, and a head at every place."""

import torch
import torch.nn.functional as F

from clearsight import models
from clearsight.models.convnets.squeezenet import Fire
from clearsight.weights.file import translated
from clearsight.weights.names import renamed
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


def test_the_names_of_keras():
    """Layers as in the authors' table, named with a slash, or, in a model within a model, with an underscore."""
    net = filled(models.build("squeezenet1_1.keras", 5, height=227, width=227))
    rules = models.family("squeezenet1_1.keras").NAMES["keras"]
    layers = {f"fire{i}/{part}" for i in range(2, 10) for part in ("squeeze1x1", "expand1x1", "expand3x3")} | {"conv1", "conv10"}
    modules = [name for name, module in net.named_modules() if list(module.parameters(recurse=False))]
    named = {renamed(name, rules) for name in modules}
    assert {name.partition("|")[0] for name in named} == layers and len(modules) == 26
    assert renamed("trunk.12.expand3x3", rules) == "fire9/expand3x3|fire9_expand3x3"
    arrays = {
        name.partition("|")[0]: [weight.permute(2, 3, 1, 0).numpy() if weight.ndim == 4 else weight.T[None, None].numpy(), bias.numpy()]
        for name, (weight, bias) in ((renamed(at, rules), net.get_submodule(at).state_dict().values()) for at in modules)
    }
    state = translated("keras", arrays, "squeezenet1_1.keras")
    assert all(torch.equal(value, state[name]) for name, value in net.state_dict().items()) and len(state) == 52
