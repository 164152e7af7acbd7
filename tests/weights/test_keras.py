"""Keras' layers as tensors: layouts, names, and what does not belong."""

import numpy as np
import torch
from torch import nn

from clearsight import models
from clearsight.weights import keras


def test_keras_layouts_give_keras_numbers():
    """Every value by its definition: index by index, not by the transposition that the reader does."""
    given, net = layers(), Net()
    state = keras.translate(given, net, RULES, {"fc1": (2, 3, 4)})
    net.load_state_dict(state, strict=False)
    assert set(state) == {key for key in net.state_dict() if "num_batches" not in key}
    kernel = given["k_conv"][0]
    assert all(net.conv.weight[o, i, h, 0] == kernel[h, 0, i, o] for o in range(3) for i in range(2) for h in range(2))
    kernel = given["sep/depthwise"][0]
    assert all(
        net.depth.weight[2 * c + m, 0, h, w] == kernel[h, w, c, m] for c in range(3) for m in range(2) for h in (0, 1) for w in (0, 1)
    )
    gamma, beta, mean, variance = given["k_bn"]
    assert np.array_equal(
        torch.stack([net.bn.weight, net.bn.bias, net.bn.running_mean, net.bn.running_var]).detach(), [gamma, beta, mean, variance]
    )
    assert np.array_equal(torch.stack([net.bare.bias, net.bare.running_mean, net.bare.running_var]).detach(), given["k_bare"])
    assert np.array_equal(torch.stack([net.ln.weight, net.ln.bias]).detach(), given["k_ln"])
    x = torch.arange(24.0).view(1, 2, 3, 4)
    flat = x.permute(0, 2, 3, 1).reshape(1, -1).numpy()  # as Keras flattens
    assert np.allclose(net.fc1(x.flatten(1)).detach(), flat @ given["k_fc1"][0] + given["k_fc1"][1])
    assert np.array_equal(net.fc.weight.detach(), given["k_fc"][0][0, 0].T)


def test_what_does_not_belong_keeps_its_name():
    given = layers()
    given["stranger"] = [np.zeros(3, np.float32)]
    given["k_bn"] = given["k_bn"][1:]  # γ is missing
    del given["k_conv"]
    state = keras.translate(given, Net(), RULES, {})
    assert "stranger 0" in state and "bn.weight" not in state and "bn.bias" in state and "conv.weight" not in state


def test_mobilenetv2_by_the_names_that_keras_gave_its_layers_at_first():
    """In which its published weights are said to be: mobl1_conv_1_expand for block_1_expand, Logits for predictions."""
    net = models.build("mobilenetv2.keras", 2)
    first = {
        "": [conv for conv in net.modules() if isinstance(conv, nn.Conv2d)],
        "bn_": [n for n in net.modules() if isinstance(n, nn.BatchNorm2d)],
    }
    numbered = [(0, "depthwise"), (0, "project"), *((i, what) for i in range(1, 17) for what in ("expand", "depthwise", "project"))]
    names = {"": ["Conv1", *(f"mobl{i}_conv_{i}_{what}" for i, what in numbered), "Conv_1"]}
    names["bn_"] = ["bn_Conv1", *(f"bn{i}_conv_{i}_bn_{what}" for i, what in numbered), "Conv_1_bn"]
    given = {"Logits": [net.head.weight.detach().numpy().T, net.head.bias.detach().numpy()]}
    for kind, modules in first.items():
        for name, module in zip(names[kind], modules, strict=True):
            arrays = [value.detach().numpy() for value in module.state_dict().values() if value.ndim]
            given[name] = [a.transpose(2, 3, *((0, 1) if module.groups > 1 else (1, 0))) for a in arrays] if kind == "" else arrays
    state = keras.translate(given, net, models.family("mobilenetv2.keras").NAMES["keras"], {})
    expected = {name: value for name, value in net.state_dict().items() if value.ndim}
    assert set(state) == set(expected) and all(torch.equal(state[name], expected[name]) for name in state)


class Net(models.Model):
    """A layer of each kind."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, (2, 1))
        self.depth = nn.Conv2d(3, 6, 2, groups=3, bias=False)
        self.bn = nn.BatchNorm2d(6)
        self.bare = nn.BatchNorm2d(6)
        self.bare.weight = None
        self.ln = nn.LayerNorm(4)
        self.fc1 = nn.Linear(2 * 3 * 4, 5)
        self.fc = nn.Linear(5, 2)


RULES = {name: f"k_{name}" for name in ("conv", "bn", "bare", "ln", "fc1", "fc")} | {"depth": "sep/depthwise"}


def layers():
    count = iter(range(1, 10**6))

    def array(*shape):
        return np.array([next(count) for _ in range(np.prod(shape))], np.float32).reshape(shape)

    return {
        "k_conv": [array(2, 1, 2, 3), array(3)],
        "sep/depthwise": [array(2, 2, 3, 2)],
        "k_bn": [array(6), array(6), array(6), array(6)],
        "k_bare": [array(6), array(6), array(6)],
        "k_ln": [array(4), array(4)],
        "k_fc1": [array(3 * 4 * 2, 5), array(5)],
        "k_fc": [array(1, 1, 5, 2), array(2)],
    }
