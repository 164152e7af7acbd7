"""ConvNeXt: its block as the paper draws it, with convolutions."""

import pytest
import torch
import torch.nn.functional as F

from clearsight import models
from clearsight.layers.dropout import StochasticDepth
from clearsight.models.convnets.convnext import Block, ChannelNorm
from tests.models.expected import check, filled, rows, waves


@rows("convnext")
def test_parameters_and_stages(row, expected):
    check(row, expected)


def plain_norm(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Over the channels of each place, in `(N, C, H, W)`."""
    x = (x - x.mean(1, keepdim=True)) / (x.var(1, keepdim=True, unbiased=False) + 1e-6).sqrt()
    return x * weight[:, None, None] + bias[:, None, None]


def test_the_norm_is_over_channels_at_each_place():
    norm = filled(ChannelNorm(6, eps=1e-6))
    x = waves(2, 6, 4, 5)
    torch.testing.assert_close(norm(x), plain_norm(x, norm.weight, norm.bias), rtol=1e-4, atol=1e-5)


def test_a_block_is_figure_4():
    block = filled(Block(8, 0.0))
    w, x = block.state_dict(), waves(2, 8, 9, 10)
    y = plain_norm(F.conv2d(x, w["block.0.weight"], w["block.0.bias"], padding=3, groups=8), w["block.2.weight"], w["block.2.bias"])
    y = F.gelu(F.conv2d(y, w["block.3.weight"][..., None, None], w["block.3.bias"]))
    y = F.conv2d(y, w["block.5.weight"][..., None, None], w["block.5.bias"])
    with torch.no_grad():
        torch.testing.assert_close(block(x), x + w["layer_scale"] * y, rtol=1e-4, atol=1e-5)


def test_a_new_block_changes_next_to_nothing():
    block, x = Block(8, 0.0), waves(2, 8, 9, 10)
    assert block.layer_scale.unique().item() == pytest.approx(1e-6)
    assert (block(x) - x).abs().max() < 1e-4


def test_a_dropped_branch_leaves_the_shortcut():
    block, x = filled(Block(8, 0.5)).train(), waves(16, 8, 7, 7)
    torch.manual_seed(0)
    with torch.no_grad():
        kept = (block(x) != x).flatten(1).any(1)
    assert 0 < kept.sum() < 16


def test_deeper_blocks_are_dropped_more_often():
    with torch.device("meta"):
        rates = [m.p for m in models.build("convnext_tiny", 3).modules() if isinstance(m, StochasticDepth)]
    assert rates == pytest.approx([0.1 * i / 17 for i in range(18)])
