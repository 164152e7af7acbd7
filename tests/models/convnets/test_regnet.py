"""RegNet: stages from five numbers, by the formula of the paper."""

import numpy as np
import pytest
import torch

from clearsight import models
from clearsight.models.convnets.regnet import TABLE, stages
from tests.models.expected import check, rows


@rows("regnet")
def test_parameters_and_stages(row, expected):
    check(row, expected)


# appendix D, figures 15 and 16: blocks and widths of the four stages (the paper's; 16GF's last width is torchvision's)
PUBLISHED = {
    "regnet_x_400mf": ([1, 2, 7, 12], [32, 64, 160, 400]),
    "regnet_x_800mf": ([1, 3, 7, 5], [64, 128, 288, 672]),
    "regnet_x_3_2gf": ([2, 6, 15, 2], [96, 192, 432, 1008]),
    "regnet_x_32gf": ([2, 7, 13, 1], [336, 672, 1344, 2520]),
    "regnet_y_400mf": ([1, 3, 6, 6], [48, 104, 208, 440]),
    "regnet_y_8gf": ([2, 4, 10, 1], [224, 448, 896, 2016]),
    "regnet_y_32gf": ([2, 5, 12, 1], [232, 696, 1392, 3712]),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_stages_are_the_published_ones(name):
    found = stages(TABLE[name])
    assert ([count for _, count, _ in found], [width for width, _, _ in found]) == PUBLISHED[name]


@pytest.mark.parametrize("name", TABLE)
def test_stages_follow_section_3_3(name):
    """Equations 2 to 4 in NumPy; whole groups may move a width by half a group."""
    line = TABLE[name]
    linear = line.w_0 + line.w_a * np.arange(line.depth)
    widths = line.w_0 * line.w_m ** np.round(np.log(linear / line.w_0) / np.log(line.w_m))
    _, counts = np.unique(widths, return_counts=True)
    found = stages(line)
    assert [count for _, count, _ in found] == counts.tolist()
    for (width, _, group), expected in zip(found, np.unique(widths), strict=True):
        assert width % group == 0 and abs(width - expected) <= group / 2 + 4


def test_a_block_is_one_width_and_halves_in_the_first_of_a_stage():
    with torch.device("meta"):
        model = models.build("regnet_y_400mf", 3)
    for stage in model.trunk_output:
        for i, block in enumerate(stage):
            assert block.f.b[0].stride == ((1, 1) if i else (2, 2))
            assert block.f.a[0].out_channels == block.f.c[0].out_channels == block.f.b[0].out_channels
            assert (block.proj is None) == (i > 0)


def test_y_is_x_with_squeeze_and_excitation_of_a_quarter_of_the_inputs():
    with torch.device("meta"):
        y, x = (models.build(name, 3).trunk_output.block2 for name in ("regnet_y_400mf", "regnet_x_400mf"))
    assert [block.f.se.fc1.out_channels for block in y] == [12, 26, 26]
    assert not any(hasattr(block.f, "se") for block in x)
