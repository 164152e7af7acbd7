"""Inception-ResNet v2: a block is its shortcut plus scaled branches."""

import pytest
import torch

from clearsight import models
from clearsight.layers.dialect import Dialect
from clearsight.models.convnets.inceptionresnetv2 import Block
from tests.models.expected import check, filled, rows, waves


@rows("inceptionresnetv2")
def test_parameters_and_stages(row, expected):
    check(row, expected)


@pytest.mark.parametrize(("kind", "scale"), [("block35", 0.17), ("block17", 0.1), ("block8", 0.2)])
def test_a_block_adds_its_scaled_branches(kind, scale):
    block = filled(Block(Dialect(), 8, kind))
    x = waves(2, 8, 7, 6) - 0.5
    with torch.no_grad():
        branches = torch.cat([block.get_submodule(name)(x) for name in block.branches], 1)
        added = torch.einsum("oi,nihw->nohw", block.conv2d.weight[..., 0, 0], branches) + block.conv2d.bias[:, None, None]
        torch.testing.assert_close(block(x), torch.relu(x + scale * added), rtol=1e-4, atol=1e-5)


def test_the_last_block_is_neither_scaled_nor_cut():
    block = filled(Block(Dialect(), 8, "block8", last=True))
    torch.nn.init.zeros_(block.conv2d.weight)
    torch.nn.init.constant_(block.conv2d.bias, -2.0)
    x = waves(2, 8, 5, 5)
    with torch.no_grad():
        torch.testing.assert_close(block(x), x - 2.0)


def test_blocks_in_the_network_as_in_figure_15():
    with torch.device("meta"):
        model = models.build("inception_resnet_v2", 3)
    assert [len(model.get_submodule(name)) for name in ("repeat", "repeat_1", "repeat_2")] == [10, 20, 9]
    assert (model.block8.last, model.block8.scale) == (True, 1.0)
    assert not any(block.last for name in ("repeat", "repeat_1", "repeat_2") for block in model.get_submodule(name))
