"""Xception: blocks of separable convolutions."""

import torch
import torch.nn.functional as F
from torch import nn

from clearsight import models
from clearsight.layers.dialect import TORCHVISION
from clearsight.models.convnets.xception import Block
from tests.models.expected import check, filled, rows, waves


@rows("xception")
def test_parameters_and_stages(row, expected):
    check(row, expected)


def plain(w: dict[str, torch.Tensor], i: int, x: torch.Tensor) -> torch.Tensor:
    """Separable convolution `i` of a block and its norm, in evaluation."""
    depthwise = w[f"rep.{i}.depthwise.weight"]
    y = F.conv2d(F.conv2d(x, depthwise, padding=1, groups=len(depthwise)), w[f"rep.{i}.pointwise.weight"])
    return F.batch_norm(y, *(w[f"rep.{i + 1}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")))


def test_a_block_of_the_middle_flow_is_figure_5():
    block = filled(Block(TORCHVISION, 4, (4, 4, 4), stride=1))
    w, x = block.state_dict(), waves(2, 4, 7, 6) - 0.5
    kept, y = x.clone(), x
    for i in (1, 4, 7):
        y = plain(w, i, torch.relu(y))
    with torch.no_grad():
        torch.testing.assert_close(block(x), kept + y, rtol=1e-4, atol=1e-5)
    assert torch.equal(x, kept)  # the shortcut reads what the first ReLU has not cut


def test_the_first_block_begins_without_relu_and_halves():
    block = filled(Block(TORCHVISION, 4, (6, 6), first=True))
    w, x = block.state_dict(), waves(2, 4, 8, 9) - 0.5
    y = F.max_pool2d(plain(w, 3, torch.relu(plain(w, 0, x))), 3, 2, 1)
    around = F.batch_norm(
        F.conv2d(x, w["skip.weight"], stride=2), *(w[f"skipbn.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
    )
    with torch.no_grad():
        torch.testing.assert_close(block(x), around + y, rtol=1e-4, atol=1e-5)


def test_36_convolutional_layers():
    """The paper's count: a separable convolution is one, projections are none."""
    with torch.device("meta"):
        model = models.build("legacy_xception", 3)
    depthwise = [m for m in model.modules() if isinstance(m, nn.Conv2d) and m.groups > 1]
    assert len(depthwise) + 2 == 36
