"""MobileNetV2: inverted residuals with linear bottlenecks."""

import torch
from torch import nn

from clearsight import models
from clearsight.layers.blocks import InvertedResidual
from tests.models.expected import check, rows


@rows("mobilenetv2")
def test_parameters_and_stages(row, expected):
    check(row, expected)


def blocks(name: str = "mobilenet_v2") -> list[InvertedResidual]:
    with torch.device("meta"):
        return [m for m in models.build(name, 3).modules() if isinstance(m, InvertedResidual)]


def test_a_shortcut_joins_equal_shapes_only():
    """Table 2: of n blocks of a line, all but the first."""
    assert [block.drop is not None for block in blocks()] == [repeated > 0 for count in (1, 2, 3, 4, 3, 3, 1) for repeated in range(count)]


def test_bottlenecks_are_linear_and_expanded_six_times():
    for i, block in enumerate(blocks()):
        assert not any(isinstance(m, nn.ReLU6) for m in block.block[-1])
        widths = [m.weight.shape for m in block.modules() if isinstance(m, nn.Conv2d)]
        assert len(widths) == (3 if i else 2)
        if i:
            assert widths[0][0] == 6 * widths[0][1] == widths[1][0] and widths[1][1:] == (1, 3, 3)


def test_the_size_is_halved_five_times_and_four_times_in_small_pictures():
    for side, left in ((96, 3), (64, 4)):
        with torch.device("meta"):
            assert models.build("mobilenet_v2", 3, height=side, width=side).trunk(torch.zeros(1, 3, side, side)).shape[-1] == left
