"""Blocks that several networks share, against plain formulas."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from clearsight.layers.blocks import InvertedResidual, SqueezeExcite, conv_norm, separable, start, whole
from clearsight.layers.dialect import TORCHVISION, Dialect


@pytest.mark.parametrize(
    ("width", "group", "rounded"), [(32, 8, 32), (33, 8, 32), (36, 8, 40), (11, 8, 16), (2, 8, 8), (19.2, 8, 24), (100, 24, 96)]
)
def test_a_width_is_rounded_to_whole_groups_and_never_below_nine_tenths(width, group, rounded):
    assert whole(width, group) == rounded and rounded >= 0.9 * width and rounded % group == 0


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Hardswish, None])
def test_convolution_norm_and_activation_have_torchvisions_names(activation):
    block = conv_norm(TORCHVISION, 3, 4, 3, 2, activation=activation)
    assert [name for name, _ in block.named_children()] == ["0", "1", *(["2"] if activation else [])]
    assert block(torch.rand(1, 3, 7, 8)).shape == (1, 4, 4, 4) and block[0].bias is None


def test_a_separable_convolution_is_two_in_a_row():
    torch.manual_seed(0)
    block, x = separable(TORCHVISION, 3, 5, 3), torch.rand(2, 3, 6, 7)
    each = [F.conv2d(x[:, i : i + 1], block.depthwise.weight[i : i + 1], padding=1) for i in range(3)]
    torch.testing.assert_close(block(x), torch.einsum("oi,nihw->nohw", block.pointwise.weight[..., 0, 0], torch.cat(each, 1)))


def test_channels_are_weighted_by_their_means():
    torch.manual_seed(0)
    block, x = SqueezeExcite(4, 2), torch.rand(2, 4, 3, 5)
    hidden = torch.relu(F.linear(x.mean((2, 3)), block.fc1.weight[..., 0, 0], block.fc1.bias))
    gate = torch.sigmoid(F.linear(hidden, block.fc2.weight[..., 0, 0], block.fc2.bias))
    torch.testing.assert_close(block(x), x * gate[..., None, None])


@pytest.mark.parametrize(("outputs", "stride", "shortcut"), [(4, 1, True), (4, 2, False), (6, 1, False)])
def test_a_shortcut_joins_equal_shapes(outputs, stride, shortcut):
    torch.manual_seed(0)
    block, x = InvertedResidual(TORCHVISION, 4, 12, outputs, 3, stride, nn.ReLU6).eval(), torch.rand(2, 4, 7, 8)
    assert block(x).shape == (2, outputs, -(-7 // stride), -(-8 // stride))
    torch.testing.assert_close(block(x), block.block(x) + x if shortcut else block.block(x))


def test_without_expansion_there_is_no_first_convolution():
    def convolutions(expanded):
        block = InvertedResidual(Dialect(), 4, expanded, 4, 3, 1, nn.ReLU, SqueezeExcite(expanded, 2))
        return sum(isinstance(m, nn.Conv2d) for m in block.modules())

    assert (convolutions(4), convolutions(8)) == (4, 5)


@pytest.mark.parametrize("groups", [1, 64])
def test_first_weights_keep_the_size_of_gradients(groups):
    torch.manual_seed(0)
    layer = nn.Conv2d(64, 64, 3, padding=1, groups=groups)
    start(nn.Sequential(layer))
    assert layer.weight.std().item() == pytest.approx((2 / (9 * 64 / groups)) ** 0.5, rel=0.15) and not layer.bias.any()
    x = torch.randn(4, 64, 24, 24, requires_grad=True)
    upper = torch.randn(4, 64, 24, 24)
    slope = torch.autograd.grad(layer(x), x, upper)[0]
    assert slope.std().item() == pytest.approx(2**0.5, rel=0.25)
