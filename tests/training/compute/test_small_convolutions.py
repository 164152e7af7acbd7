"""Convolutions of a few pixels as matrix products: outputs and gradients are those of the convolution, and never less exact."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from clearsight import models
from clearsight.training.compute.small_convolutions import SmallConv2d, _Convolution, patches, use_matrix_products
from clearsight.training.compute.training_model import Speed, TrainingModel


def drawn(*shape, seed=0):
    made = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return made.bfloat16().contiguous(memory_format=torch.channels_last)


def computed(function, x, weight, gradient):
    x, weight = x.detach().requires_grad_(), weight.detach().requires_grad_()
    y = function(x, weight)
    return [y.detach(), *torch.autograd.grad(y, (x, weight), gradient.to(y.dtype))]


def plain(x, weight):
    return F.conv2d(x, weight, padding=1)


@pytest.mark.parametrize("size", [(4, 4), (3, 3), (2, 4), (1, 1)])
def test_outputs_and_gradients_are_no_less_exact_than_those_of_the_convolution(size):
    x, weight, gradient = drawn(32, 128, *size), drawn(144, 128, 3, 3, seed=1), drawn(32, 144, *size, seed=2)
    exact = computed(plain, x.double(), weight.double(), gradient)
    errors = [
        [float((ours.double() - of).norm() / of.norm()) for ours, of in zip(computed(function, x, weight, gradient), exact, strict=True)]
        for function in (_Convolution.apply, plain)
    ]
    for ours, theirs in zip(*errors, strict=True):
        assert ours < 1.02 * theirs + 1e-6 and ours < 2e-3  # one rounding to 8 bits


def test_patches_are_those_of_unfold():
    x = torch.randn(5, 7, 3, 4, generator=torch.Generator().manual_seed(0))
    expected = F.unfold(x, 3, padding=1).view(5, 7, 9, 12).permute(0, 3, 2, 1).reshape(60, 63)
    assert torch.equal(patches(x), expected)


def test_gradients_can_be_differentiated_again():
    x, weight = (torch.randn(2, 2, 3, 3, dtype=torch.float64).requires_grad_() for _ in range(2))
    assert torch.autograd.gradgradcheck(_Convolution.apply, (x, weight))


def test_the_rule_takes_wide_layers_of_small_inputs_only():
    wide = nn.Conv2d(128, 128, 3, padding=1, bias=False)
    others = [
        nn.Conv2d(64, 64, 3, padding=1, bias=False), nn.Conv2d(128, 128, 3, padding=1), nn.Conv2d(128, 128, 3, bias=False),
        nn.Conv2d(128, 128, 3, 2, 1, bias=False), nn.Conv2d(512, 128, 1, bias=False),
        nn.Conv2d(256, 256, 3, padding=1, groups=2, bias=False),
    ]  # fmt: skip
    net = nn.Sequential(wide, *others)
    use_matrix_products(net)
    assert [type(layer) for layer in net] == [SmallConv2d] + [nn.Conv2d] * len(others)

    def name(x):
        return wide.train()(x).grad_fn.name()

    wide.bfloat16()
    assert "_Convolution" in name(drawn(32, 128, 4, 4))
    assert "_Convolution" not in name(drawn(16, 128, 7, 7)) + name(drawn(2, 128, 4, 4))
    wide.eval()
    assert "_Convolution" not in wide(drawn(32, 128, 4, 4)).grad_fn.name()


def test_the_copy_in_bfloat16_uses_them_and_the_model_does_not():
    model = models.build("swift", 10, channels=1, height=28, width=28, seed=0)
    twin = TrainingModel(model, Speed(bf16=True, channels_last=True), torch.device("cpu")).net
    assert type(twin.group3.conv2) is SmallConv2d and type(twin.group1.conv1) is nn.Conv2d
    assert type(model.group3.conv2) is nn.Conv2d and type(copy.deepcopy(model).group3.conv2) is nn.Conv2d
