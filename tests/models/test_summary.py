"""A network layer by layer: the lecture's AlexNet line by line, counts that papers and peers print, and manners."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from clearsight import models
from clearsight.base.errors import ClearsightError
from clearsight.models import facts
from clearsight.models.summary import Layer, summarise

from .test_formula import ALEXNET, ALEXNET_LECTURE, VGG16

# the lecture's slide: output, line; then what lookinside research and K. Simonyan's table give: parameters, receptive field
LECTURE = """
[55x55x96] CONV1: 96 11x11 filters at stride 4, pad 0 | 34944 | 11
[27x27x96] MAX POOL1: 3x3 filters at stride 2 | 0 | 19
[27x27x96] NORM1: Normalization layer | 0 | 19
[27x27x256] CONV2: 256 5x5 filters at stride 1, pad 2 | 614656 | 51
[13x13x256] MAX POOL2: 3x3 filters at stride 2 | 0 | 67
[13x13x256] NORM2: Normalization layer | 0 | 67
[13x13x384] CONV3: 384 3x3 filters at stride 1, pad 1 | 885120 | 99
[13x13x384] CONV4: 384 3x3 filters at stride 1, pad 1 | 1327488 | 131
[13x13x256] CONV5: 256 3x3 filters at stride 1, pad 1 | 884992 | 163
[6x6x256] MAX POOL3: 3x3 filters at stride 2 | 0 | 195
[4096] FC6: 4096 neurons | 37752832 | 227
[4096] FC7: 4096 neurons | 16781312 | 227
[1000] FC8: 1000 neurons (class scores) | 4097000 | 227
"""


def line(layer: Layer) -> str:
    shape = "x".join(str(n) for n in (*layer.output[1:], layer.output[0]))
    return f"[{shape}] {layer.says} | {layer.parameters} | {layer.receptive_field()['size'][0]}"


def test_the_lectures_alexnet_line_by_line():
    found = facts.summary(ALEXNET_LECTURE, (3, 227, 227), 1000)
    assert [line(layer) for layer in found.rows if ":" in layer.says] == LECTURE.strip().splitlines()


# network at its input → MACs as its paper's readers and torchvision give them (`_ops`, in G), depth (the number in its name)
COUNTS = {
    "resnet18": (1.814, 18), "resnet34": (3.664, 34), "resnet50": (4.089, 50), "resnet101": (7.801, 101), "resnet152": (11.514, 152),
    ALEXNET: (0.714, 8), VGG16: (15.47, 16),
}  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), COUNTS.items(), ids=lambda x: str(x)[:9])
def test_multiply_adds_and_depth(name, expected):
    found = facts.summary(name, (3, 224, 224), 1000)
    assert (round(found.macs / 1e9, 3), found.depth) == (pytest.approx(expected[0], abs=0.0051), expected[1])
    assert sum(layer.macs for layer in found.layers) == found.macs
    assert sum(layer.parameters for layer in found.layers) == found.parameters


# published sizes for these layouts (A. Araujo et al., 2019, and DeLF's authors for the stride in the 3×3): size, stride, padding
FIELDS = {
    ("resnet18", "layer4"): (435, 32, 217), ("resnet50", "layer3"): (267, 16, 133), ("resnet50", "layer4"): (427, 32, 213),
    ("resnet101", "layer4"): (971, 32, 485), ("resnet152", "layer4"): (1451, 32, 725), (VGG16, "pool5"): (212, 32, 90),
    (ALEXNET, "pool3"): (195, 32, 66),
}  # fmt: skip


@pytest.mark.parametrize(("row", "expected"), FIELDS.items(), ids=lambda x: "-".join(x)[-20:] if isinstance(x[0], str) else "")
def test_published_receptive_fields(row, expected):
    found = facts.summary(row[0], (3, 224, 224), 1000)
    layer = next(layer for layer in found.layers if layer.name == row[1])
    size, stride, padding = expected
    assert layer.receptive_field() == {
        "layer": row[1], "size": [size] * 2, "stride": [stride] * 2, "padding": [padding] * 4, "status": "exact"
    }  # fmt: skip


def test_three_small_filters_see_what_a_large_one_sees():
    found = facts.summary("conv3x3*3", (16, 32, 32))
    assert [layer.receptive_field()["size"] for layer in found.layers[:3]] == [[3, 3], [5, 5], [7, 7]]
    weights = found.parameters - 3 * 16
    assert (weights, facts.summary("conv7x7", (16, 32, 32)).parameters - 16) == (27 * 16**2, 49 * 16**2)


class Functional(nn.Module):
    """Weights of its own, used by functions, beside a module that is called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.zeros(4, 3, 3, 3))
        self.twice = nn.Conv2d(4, 4, 1, bias=False)
        self.last = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(F.conv2d(F.pad(x, (1, 1, 1, 1)), self.kernel, stride=2))
        x = self.twice(self.twice(x))
        return self.last(x.mean((2, 3)))


def test_functions_and_modules_called_twice():
    found = summarise(Functional(), (3, 8, 8))
    rows = {(layer.name, layer.kind): (layer.output, layer.parameters, layer.macs) for layer in found.rows}
    assert rows[("", "Functional")] == ((2,), 108, 16 * 4 * 27)
    assert [(layer.parameters, layer.macs) for layer in found.rows if layer.name == "twice"] == [(16, 16 * 16), (0, 16 * 16)]
    assert (found.parameters, found.macs, found.depth) == (108 + 16 + 10, 16 * 108 + 2 * 256 + 8, 4)
    assert found.to_json() == {
        "parameters": 134,
        "macs": 2248,
        "layers": [
            {"name": "twice", "kind": "Conv2d", "output": [4, 4, 4], "parameters": 16, "macs": 256},
            {"name": "twice", "kind": "Conv2d", "output": [4, 4, 4], "parameters": 0, "macs": 256},
            {"name": "last", "kind": "Linear", "output": [2], "parameters": 10, "macs": 8},
            {"name": "", "kind": "Functional", "output": [2], "parameters": 108, "macs": 1728},
        ],
    }


def test_attention_counts_its_products():
    tokens, width = 16, 8

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.patches = nn.Conv2d(3, width, 4, 4)
            self.attention = nn.MultiheadAttention(width, 2, batch_first=True)

        def forward(self, x: Tensor) -> Tensor:
            x = self.patches(x).flatten(2).transpose(1, 2)
            return self.attention(x, x, x, need_weights=False)[0]

    found = summarise(Block(), (3, 16, 16))
    own = {layer.name: layer for layer in found.rows}
    assert own["patches"].macs == tokens * width * 48 and own["patches"].receptive_field()["size"] == [4, 4]
    projections, products = 4 * tokens * width**2, 2 * tokens**2 * width
    assert found.macs - own["patches"].macs == projections + products
    assert found.layers[-1].receptive_field()["status"] == "whole input" and found.depth == 3
    assert sum(layer.parameters for layer in found.layers) == found.parameters


def test_shared_weights_count_once():
    model = nn.Sequential(nn.Linear(4, 4, bias=False), nn.ReLU(), nn.Linear(4, 4, bias=False))
    model[2].weight = model[0].weight
    found = summarise(nn.Sequential(nn.Flatten(), model), (1, 2, 2))
    assert (found.parameters, found.macs, [layer.parameters for layer in found.rows]) == (16, 32, [0, 16, 0, 0])


def test_what_does_not_run_in_evaluation_is_listed():
    class WithAuxiliary(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.aux = nn.Conv2d(3, 4, 1), nn.Sequential(nn.Linear(4, 2))

        def forward(self, x: Tensor) -> Tensor:
            x = self.conv(x).mean((2, 3))
            return self.aux(x) if self.training else x

    found = summarise(WithAuxiliary().train(), (3, 8, 8))
    assert [(layer.name, layer.parameters, layer.says) for layer in found.rows if layer.parameters] == [
        ("conv", 16, "CONV1: 4 1x1 filters at stride 1, pad 0"), ("aux.0", 10, "Linear, not run in evaluation")
    ]  # fmt: skip


@pytest.mark.parametrize("fails", [False, True])
def test_the_model_is_left_as_it_was(fails):
    model = models.build("resnet18", 3, height=32, width=32, seed=0).train()
    model.layer1.eval()
    model.fc.weight.grad = torch.ones(3, 512)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    random = torch.get_rng_state()
    if fails:
        with pytest.raises(ClearsightError, match=r"ResNet cannot be followed at 5×32×32: .+"):
            summarise(model, (5, 32, 32))
    else:
        assert summarise(model, (3, 32, 32)).depth == 18
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert [module.training for module in model.modules()] == modes
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert model.fc.weight.grad.sum() == 1536 and not model.conv1.weight.is_meta and torch.equal(torch.get_rng_state(), random)


def test_what_needs_values_is_said():
    class Deciding(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x if x.sum() > 0 else -x

    with pytest.raises(ClearsightError, match="Deciding cannot be followed at 3×8×8"):
        summarise(Deciding(), (3, 8, 8))
