"""The receptive field of a stack, layer by layer: 3, 5, 7, with 27C² weights against 49C²; and of networks by their gradient."""

import pytest
import torch
from torch import nn

from clearsight.look.growth import growth, measured
from clearsight.look.target import subject
from clearsight.models.summary import summarise


def test_three_3x3_grow_to_7x7():
    stack = [(f"conv{i}", nn.Conv2d(8, 8, 3)) for i in (1, 2, 3)]
    levels = growth(stack)
    assert [(level.layer, level.field, level.seen) for level in levels] == [
        ("input", 1, 7),
        ("conv1", 3, 5),
        ("conv2", 5, 3),
        ("conv3", 7, 1),
    ]
    assert [(level.weights, level.single) for level in levels[1:]] == [(9, 9), (18, 25), (27, 49)]
    assert levels[-1].words(None) == ("27C²", "49C²") and levels[-1].words(64) == ("110,592", "200,704")
    assert sum(layer.weight.numel() for _, layer in stack) == levels[-1].weights * 8**2


def test_what_the_last_unit_sees_is_what_its_gradient_reaches():
    stack = [("a", nn.Conv2d(1, 1, 5, stride=2)), ("b", nn.MaxPool2d(2)), ("c", nn.Conv2d(1, 1, 3, dilation=2))]
    levels = growth(stack)
    x = torch.rand(1, 1, 40, 40, requires_grad=True)
    maps = [x]
    for _, layer in stack:
        maps.append(layer(maps[-1]))
    for level, values in zip(levels[:-1:2], maps[:-1:2], strict=True):  # a maximum's gradient reaches one of four: not measured
        assert level.seen >= sum(torch.autograd.grad(maps[-1][0, 0, 1, 1], values, retain_graph=True)[0][0, 0].any(0))
    assert [level.field for level in levels] == [1, 5, 7, 7 + 2 * 2 * 4] and levels[0].seen == 23


def test_what_is_no_stack_of_squares_has_no_levels():
    assert growth([("a", nn.Conv2d(1, 1, (3, 1)))]) == [] and growth([("a", nn.Linear(2, 2))]) == [] and growth([("a", nn.ReLU())]) == []


@pytest.mark.parametrize("channels", [1, 64])
def test_the_gradient_has_the_size_of_the_theory(channels):
    stack = subject("conv3x3 conv3x3 conv3x3", (channels, 16, 16))
    found = measured(stack, summarise(stack.model, stack.input_size))
    assert [one.extent for one in found] == [(3, 3), (5, 5), (7, 7)] == [(b - t, r - le) for t, le, b, r in (one.box for one in found)]


def test_the_layers_of_a_network_grow():
    net = subject("lenet5", (1, 28, 28))
    found = measured(net, summarise(net.model, net.input_size), most=3)
    sizes = [one.box[2] - one.box[0] for one in found]
    assert sizes == sorted(set(sizes)) and all(one.extent[0] <= size for one, size in zip(found, sizes, strict=True))
