"""DenseNet: every layer reads everything before it."""

import torch
import torch.nn.functional as F

from clearsight import models
from clearsight.layers.dialect import TORCHVISION
from clearsight.models.convnets.densenet import Block, Layer
from tests.models.expected import check, filled, rows, waves


@rows("densenet")
def test_parameters_and_stages(row, expected):
    check(row, expected)


def grown(inputs: int, growth: int, layers: int) -> Block:
    block = Block()
    for i in range(layers):
        block.add_module(f"denselayer{i + 1}", Layer(inputs + i * growth, growth, TORCHVISION, 0.0))
    return filled(block)


def plain(w: dict[str, torch.Tensor], x: torch.Tensor, layers: int) -> torch.Tensor:
    """Equation 2: x_l = H_l([x_0, …, x_{l-1}]), H being norm, ReLU, 1×1, norm, ReLU, 3×3."""
    for i in range(1, layers + 1):
        y = x
        for j in (1, 2):
            norm = (w[f"denselayer{i}.norm{j}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
            y = F.conv2d(torch.relu(F.batch_norm(y, *norm)), w[f"denselayer{i}.conv{j}.weight"], padding=j - 1)
        x = torch.cat([x, y], 1)
    return x


def test_a_block_is_equation_2():
    block, x = grown(6, 4, 3), waves(2, 6, 5, 7)
    with torch.no_grad():
        torch.testing.assert_close(block(x), plain(block.state_dict(), x, 3))


def test_a_block_hands_its_input_on():
    block, x = grown(6, 4, 2).train(), waves(2, 6, 5, 7)
    y = block(x)
    assert y.shape == (2, 6 + 2 * 4, 5, 7) and torch.equal(y[:, :6], x)


def test_small_pictures_are_not_shrunk_before_the_first_block():
    for side, left in ((64, 64), (65, 17)):
        with torch.device("meta"):
            model = models.build("densenet121", 3, height=side, width=side)
            assert model.trunk[:4](torch.zeros(1, 3, side, side)).shape[-1] == left
