"""Batch norms folded into the layers before them: the same answers."""

import copy
import gc
import weakref

import pytest
import torch
from torch import nn

from clearsight import Classifier, Preprocessing, models
from clearsight.classifier import load
from clearsight.classifier.speed.folding import _same_layout, folded, in_channels_last
from clearsight.datasets.open import open_dataset
from clearsight.layers.dialect import SameConv2d
from tests.real import lite0


def network(name: str, size: int, channels: int = 1) -> nn.Module:
    """With batch norms that have seen something, and scales that are not 1."""
    torch.manual_seed(0)
    model = models.build(name, 10, channels=channels, height=size, width=size, seed=0).train()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)
    with torch.no_grad():
        model(torch.randn(16, channels, size, size))
    return model.eval()


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "swift", "convnet", "efficientnet_lite0", "mobilenet.keras"])
def test_folding_changes_the_sums_not_the_answer(name):
    model = network(name, 16)
    before = copy.deepcopy(model.state_dict())
    small = folded(model)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in small.modules())
    x = torch.randn(4, 1, 16, 16)
    with torch.inference_mode():
        expected = model(x)
        assert torch.allclose(small(x), expected, atol=1e-4 * float(expected.abs().max()))  # float32 sums in another order
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())


def test_a_trained_network_gives_fifty_photographs_the_same_labels():
    classifier, photographs = load(lite0()), open_dataset("set:photos").parts["all"]
    fifty = [classifier.preprocessing.load(photographs.source(i)) for i in range(0, 100, 2)]
    x = classifier.preprocessing.normalise(torch.stack(fifty))
    with torch.inference_mode():
        found, expected = folded(classifier.model)(x), classifier.model(x)
    assert torch.equal(found.argmax(1), expected.argmax(1))
    assert torch.allclose(found, expected, atol=1e-4 * float(expected.abs().max()))


@pytest.mark.parametrize(("sign", "norms"), [(1, 0), (-1, 1)])
def test_a_norm_passes_a_maximum_where_it_keeps_the_order(sign, norms):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.MaxPool2d(3, 2, 1), nn.BatchNorm2d(4)).eval()
    nn.init.uniform_(model[2].weight, 0.5, 2)
    nn.init.uniform_(model[2].bias, -1, 1)
    with torch.no_grad():
        model[2].weight[2] *= sign
    x, small = torch.randn(2, 1, 9, 9), folded(model)
    assert sum(isinstance(module, nn.BatchNorm2d) for module in small.modules()) == norms
    torch.testing.assert_close(small(x), model(x))


@pytest.mark.parametrize("size", [8, 9])
def test_padding_that_depends_on_the_size_stays(size):
    """Traced once, it computes pictures of other sizes as well; in bfloat16 too, where a channel of zeros is added."""
    torch.manual_seed(0)
    model = nn.Sequential(SameConv2d(1, 4, 3, 2), nn.BatchNorm2d(4), nn.ReLU()).eval()
    x = torch.randn(2, 1, size, size)
    torch.testing.assert_close(folded(model)(x), model(x), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(folded(model, bf16=True)(x), model(x), atol=1e-5, rtol=1e-5)


def test_a_shared_convolution_keeps_its_two_norms():
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.a, self.b = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.BatchNorm2d(4)
            nn.init.uniform_(self.a.weight, 2, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.a(self.conv(x)) - self.b(self.conv(x))

    model, x = Twice().eval(), torch.randn(2, 1, 8, 8)
    assert torch.equal(folded(model)(x), model(x))


def test_the_weights_of_the_original_go_with_it():
    model = network("resnet18", 16)
    gone, small = weakref.ref(model), folded(model)
    gc.disable()
    try:
        del model
        assert gone() is None and small is not None
    finally:
        gc.enable()


def test_a_network_that_looks_at_its_input_stays_as_it_is():
    class Choosy(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if x.sum() > 0 else -x

    model = Choosy().eval()
    assert folded(model) is model


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


@pytest.mark.parametrize("road", ["folded", "bf16"])
def test_a_faster_copy_leaves_the_layout_of_the_network_it_shares_weights_with(road):
    model = network("resnet18", 32)
    before = {name: value.stride() for name, value in model.state_dict().items()}
    quick = Classifier(model, Preprocessing(1, 32, 32), [str(i) for i in range(10)])._converted(road).model
    assert {name: value.stride() for name, value in model.state_dict().items()} == before
    kernels = [value for value in quick.state_dict().values() if value.ndim == 4 and value.shape[1] > 1 and value.shape[2] > 1]
    assert kernels and all(value.is_contiguous(memory_format=torch.channels_last) for value in kernels)


def test_channels_last_shares_all_but_the_kernels():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4, 2)).requires_grad_(False)
    made = in_channels_last(model)
    assert made is not model and made[2].weight is model[2].weight and made[0].bias is model[0].bias
    assert made[0].weight.stride() == (27, 1, 9, 3) and model[0].weight.stride() == (27, 9, 3, 1)
    assert torch.equal(made[0].weight, model[0].weight) and not made[0].weight.requires_grad
    assert in_channels_last(made) is made
