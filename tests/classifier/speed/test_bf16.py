"""The rewritten operations equal their plain restatements bit for bit, and so do their gradients."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from clearsight import models
from clearsight.base.compute.precision import halved
from clearsight.classifier.speed.bf16 import PLAIN, flatten_channels_last, pad_zero_channel, relu_in_place, relu_max_pool
from clearsight.classifier.speed.folding import folded


def values(*shape, seed=0, coarse=4.0):
    """Few different ones, so that many in a window are equal; channels last as in a network."""
    drawn = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return ((drawn * coarse).round() / coarse).bfloat16().contiguous(memory_format=torch.channels_last)


def both(way, x, gradient):
    leaf = x.clone().requires_grad_()
    found = way(leaf * 1)  # whose place may be taken
    (slope,) = torch.autograd.grad(found, leaf, gradient.to(found))
    return found, slope


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
@pytest.mark.parametrize("size", [(6, 8), (7, 8), (6, 5), (7, 7)])
def test_relu_and_pooling_are_those_of_torch(size, dtype):
    x = values(3, 16, *size).to(dtype)
    assert torch.equal(both(relu_in_place, x, torch.ones(1).expand_as(x))[0], PLAIN[relu_in_place](x))
    for function, gradient in (
        (relu_max_pool, values(3, 16, size[0] // 2, size[1] // 2, seed=1)),
        (relu_in_place, values(3, 16, *size, seed=2)),
    ):
        for ours, theirs in zip(both(function, x, gradient), both(PLAIN[function], x, gradient), strict=True):
            assert torch.equal(ours, theirs) and ours.dtype == dtype


def test_padding_and_flattening_are_those_of_torch():
    for function, x in ((pad_zero_channel, values(3, 1, 5, 4)), (flatten_channels_last, values(3, 6, 5, 4))):
        gradient = torch.randn(PLAIN[function](x).shape, generator=torch.Generator().manual_seed(0)).bfloat16()
        for ours, theirs in zip(both(function, x, gradient), both(PLAIN[function], x, gradient), strict=True):
            assert torch.equal(ours, theirs)


def test_large_small_and_infinite_values_keep_their_order():
    x = torch.tensor([[-float("inf"), -0.0, 1e-40, 3e38], [float("inf"), 1.0, -1e-40, -3e38]]).bfloat16().view(1, 1, 2, 4)
    assert torch.equal(relu_in_place(x.clone()), torch.relu(x))
    assert relu_max_pool(x.clone()).tolist() == torch.relu(F.max_pool2d(x, 2)).tolist()


def test_a_gradient_is_asked_for_once():
    leaf = values(1, 2, 4, 4).requires_grad_()
    found = relu_max_pool(leaf * 1).sum()
    torch.autograd.grad(found, leaf, retain_graph=True)
    with pytest.raises(RuntimeError, match="inplace"):
        torch.autograd.grad(found, leaf)


NETWORKS = {
    "convnet": lambda: models.build("convnet", 10, channels=1, height=28, width=28, seed=0),
    "odd": lambda: models.build("convnet", 10, channels=1, height=17, width=23, seed=0),
    "vgg11": lambda: models.build("vgg11", 10, channels=3, height=32, width=32, seed=0),
    "resnet18": lambda: models.build("resnet18", 10, channels=1, height=16, width=16, seed=0),
    "modules": lambda: nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.ReLU(), nn.MaxPool2d((2, 2), 2)),
        *(nn.Conv2d(8, 8, 1), nn.Flatten(), nn.Linear(8 * 64, 10)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_answer_as_with_plain_layers(name):
    model = NETWORKS[name]().eval().requires_grad_(False)
    size = {"convnet": (1, 28, 28), "odd": (1, 17, 23), "vgg11": (3, 32, 32)}.get(name, (1, 16, 16))
    rewritten, plain = (halved(folded(model, bf16=bf16)).to(memory_format=torch.channels_last) for bf16 in (True, False))
    x, y = torch.rand(8, *size, generator=torch.Generator().manual_seed(3)).bfloat16(), torch.arange(8)
    found = []
    for net in (rewritten, plain):
        leaf = x.clone(memory_format=torch.channels_last).requires_grad_()
        logits = net(leaf)
        (slope,) = torch.autograd.grad(F.cross_entropy(logits.float(), y, reduction="sum"), leaf)
        found.append((logits.detach().float(), slope.float()))
    (logits, slope), (expected, steep) = found
    assert torch.allclose(logits, expected, atol=0.02 * float(expected.abs().max()))
    assert float(F.cosine_similarity(slope.flatten(), steep.flatten(), dim=0)) > 0.99


def test_the_steps_are_there_and_the_original_stays():
    model = NETWORKS["convnet"]().eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    called = [node.target for node in folded(model, bf16=True).graph.nodes if node.op == "call_function"]
    assert called == [pad_zero_channel, relu_in_place, relu_max_pool, flatten_channels_last, torch.relu]
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items()) and model.conv1.in_channels == 1


def test_a_layer_used_twice_is_left_alone():
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.fc = nn.Conv2d(1, 1, 3, padding=1), nn.Linear(64, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = torch.relu(self.conv(torch.relu(self.conv(x))))
            return self.fc(x.flatten(1)) + self.fc(x.mean(1).flatten(1))

    called = [node.target for node in folded(Twice().eval(), bf16=True).graph.nodes if node.op == "call_function"]
    assert relu_in_place not in called and pad_zero_channel not in called and flatten_channels_last not in called
