"""Residual networks with norm and ReLU before each convolution."""

import pytest
import torch
import torch.nn.functional as F

from clearsight import models
from clearsight.models.convnets.resnetv2 import TABLE, Block, Variant, wide
from tests.models.expected import check, check_logits, filled, rows, waves


@rows("resnetv2")
def test_parameters_and_stages(row, expected):
    check(row, expected)


PEERS = {
    "resnetv2_50": ((-0.0910000, -0.0401754, -0.1136705), (-0.0910574, -0.0400254, -0.1138054)),
    "resnet50v2.keras": ((-0.1171320, 0.0474002, 0.0493693), (-0.1172036, 0.0474869, 0.0493298)),
}


@pytest.mark.parametrize("name", PEERS)
def test_the_logits_are_the_peers(name):
    check_logits(name, PEERS[name])


def test_a_block_is_figure_4e():
    """Nothing after the addition: the shortcut is clean."""
    block = filled(Block(8, 8, 1, False, Variant((1,), bottleneck=False)))
    w, x = block.state_dict(), waves(2, 8, 6, 5) - 0.5

    def before(y, i):
        norm = (w[f"norm{i}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        return F.conv2d(torch.relu(F.batch_norm(y, *norm)), w[f"conv{i}.weight"], padding=1)

    with torch.no_grad():
        torch.testing.assert_close(block(x), x + before(before(x, 1), 2), rtol=1e-4, atol=1e-5)


def test_wide_networks_by_depth_and_width():
    assert wide(28, 10) == TABLE["wrn28_10"] and (wide(28, 10).blocks, wide(28, 10).widths) == ((4, 4, 4), (160, 320, 640))
    with torch.device("meta"):
        model = models.build("wrn40_4", 10, height=32, width=32)
        convolutions = [m for m in model.modules() if isinstance(m, torch.nn.Conv2d) and m.kernel_size == (3, 3)]
    assert len(convolutions) == 40 - 4 + 1  # 40 layers: these, the head, and three projections that the paper counts, too


@pytest.mark.parametrize(("name", "first"), [("resnetv2_50", True), ("resnet50v2.keras", False)])
def test_a_stage_halves_in_its_first_block_or_in_keras_last_of_the_one_before(name, first):
    with torch.device("meta"):
        stages = models.build(name, 3).stages
    strides = [[block.stride for block in stage.blocks] for stage in stages]
    if first:
        assert strides == [[1] * 3, [2, *[1] * 3], [2, *[1] * 5], [2, 1, 1]]
    else:
        assert strides == [[1, 1, 2], [1] * 3 + [2], [1] * 5 + [2], [1] * 3]
