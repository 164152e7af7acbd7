"""The layers of a dialect, against torch's own and by hand."""

import pytest
import torch
from torch import nn

from clearsight.layers.blocks import InvertedResidual, SqueezeExcite, conv_norm, whole
from clearsight.layers.dialect import TORCHVISION, Dialect

SAME = Dialect(same=True)


def ones(size):
    return torch.ones(1, 1, size, size)


@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (3, 1), (3, 2), (5, 2), (7, 2)])
@pytest.mark.parametrize("size", [11, 12])
def test_same_is_centred_or_ends_late(kernel, stride, size):
    """What a convolution that looks for one pixel sees of a ramp tells where each window stands."""
    layer = SAME.conv(1, 1, kernel, stride, bias=False)
    nn.init.zeros_(layer.weight)
    layer.weight.data[0, 0, kernel // 2, kernel // 2] = 1
    ramp = torch.arange(size).float().expand(1, 1, size, size)
    seen = layer(ramp)[0, 0, 0].tolist()
    missing = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    first = kernel // 2 - missing // 2
    assert len(seen) == -(-size // stride) and seen == [first + stride * i for i in range(len(seen))]


def test_pools_see_what_their_origin_puts_around():
    x = -ones(4)
    assert TORCHVISION.max_pool(3, 2)(x).flatten().tolist() == [-1.0] * 4
    assert Dialect(zero_pool=True).max_pool(3, 2)(x).flatten().tolist() == [0.0, 0.0, 0.0, -1.0]  # only the last window lies inside
    assert SAME.max_pool(3, 2)(x).flatten().tolist() == [-1.0] * 4
    assert Dialect(same=True, zero_pool=True).max_pool(3, 2)(x).flatten().tolist() == [-1.0, 0.0, 0.0, 0.0]  # the odd pixel at the end
    assert TORCHVISION.avg_pool(3, 1)(ones(3))[0, 0].tolist()[0] == pytest.approx([4 / 9, 6 / 9, 4 / 9])
    assert torch.equal(SAME.avg_pool(3, 1)(ones(3)), ones(3))


def test_norms_and_biases():
    norm = Dialect(eps=1e-3, momentum=0.01, scale=False).norm(4)
    assert (norm.eps, norm.momentum, list(norm.state_dict())) == (
        1e-3,
        0.01,
        ["bias", "running_mean", "running_var", "num_batches_tracked"],
    )
    x = torch.randn(8, 4, 3, 3, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(norm(x), nn.BatchNorm2d(4, eps=1e-3)(x))
    assert TORCHVISION.conv(3, 4, 3).bias is None and Dialect(bias=True).conv(3, 4, 3).bias is not None
    assert Dialect(bias=True).conv(3, 4, 3, bias=False).bias is None
    assert [type(layer) for layer in conv_norm(SAME, 3, 4, 3, 2, activation=None)][1:] == [nn.BatchNorm2d]


def test_squeeze_excite_weighs_channels():
    block = SqueezeExcite(2, 1)
    for parameter in block.parameters():
        nn.init.zeros_(parameter)
    block.fc2.bias.data = torch.tensor([100.0, 0.0])
    assert torch.equal(block(torch.ones(1, 2, 2, 2))[0, :, 0, 0], torch.tensor([1.0, 0.5]))


def test_widths_in_whole_groups():
    """Not under 0.9 of what was asked for: 10 becomes 16 and not 8."""
    assert [whole(width) for width in (1, 8, 10, 11.9, 17, 35.2, 36)] == [8, 8, 16, 16, 16, 32, 40]
    assert whole(100, 24) == 96


def test_an_inverted_residual_joins_only_what_has_its_shape():
    x = torch.randn(2, 8, 6, 6, generator=torch.Generator().manual_seed(0))
    block = InvertedResidual(TORCHVISION, 8, 16, 8, 5, 1, nn.ReLU6, SqueezeExcite(16, 2)).eval()
    assert torch.equal(block(x), block.block(x) + x) and len(block.block) == 4
    wide, halved = (InvertedResidual(SAME, 8, 8, width, 3, stride, nn.SiLU).eval() for width, stride in ((24, 1), (8, 2)))
    assert torch.equal(wide(x), wide.block(x)) and len(wide.block) == 2  # as wide already: nothing to expand
    assert halved(x).shape == (2, 8, 3, 3)
    always = InvertedResidual(TORCHVISION, 8, 16, 8, 3, 1, nn.ReLU, drop=0.999).train()
    torch.manual_seed(0)
    assert torch.equal(always(x), x)
