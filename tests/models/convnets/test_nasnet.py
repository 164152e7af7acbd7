"""NASNet-A: cells against figure 4, plainly written."""

import torch
import torch.nn.functional as F

from clearsight import models
from clearsight.models.convnets.nasnet import TABLE, Adjust, Normal, Separable
from tests.models.expected import check, filled, rows, waves


@rows("nasnet")
def test_parameters_and_stages(row, expected):
    check(row, expected)


def mean3(x: torch.Tensor) -> torch.Tensor:
    """The mean over 3 × 3, pixels outside left out."""
    return F.avg_pool2d(x, 3, 1, 1) * 9 / F.avg_pool2d(torch.ones_like(x), 3, 1, 1) / 9


def test_a_normal_cell_is_figure_4():
    cell = filled(Normal(6, 4, Adjust(5, 4, halve=False)))
    x, before = waves(2, 6, 7, 8), waves(2, 5, 7, 8).flip(0)
    with torch.no_grad():
        p, h = cell.adjust(before), cell.bn(cell.conv(torch.relu(x)))
        sums = [cell.left1(h) + cell.right1(p), cell.left2(p) + cell.right2(p), mean3(h) + p, mean3(p) + mean3(p), cell.left5(h) + h]
        torch.testing.assert_close(cell(x, before), torch.cat([p, *sums], 1), rtol=1e-4, atol=1e-5)
        assert cell(x, before).shape[1] == Normal.TIMES * 4


def test_a_separable_convolution_does_not_change_its_input():
    layer, x = Separable(3, 4, 5).eval(), waves(2, 3, 8, 8) - 0.5
    kept = x.clone()
    assert layer(x).shape == (2, 4, 8, 8) and torch.equal(x, kept)  # a cell reads it several times


def test_halving_reads_even_and_odd_pixels():
    adjust = Adjust(1, 2, halve=True).eval()
    for conv in (adjust.conv1, adjust.conv2):
        torch.nn.init.ones_(conv.weight)
    x = torch.arange(16.0).view(1, 1, 4, 4)
    with torch.no_grad():
        even, odd = adjust(x)[0] * (1 + adjust.bn.eps) ** 0.5
    torch.testing.assert_close(even, x[0, 0, ::2, ::2])
    torch.testing.assert_close(odd, x[0, 0, 1::2, 1::2])


def test_cells_in_the_network():
    """Two reductions first, then three times N normal cells with a reduction between (figure 2)."""
    for name, v in TABLE.items():
        with torch.device("meta"):
            kinds = [cell.partition("_")[0] for cell in models.build(name, 3).cells]
        normal = ["normal"] * v.count
        assert kinds == ["reduction"] * 2 + normal + ["reduction"] + normal + ["reduction"] + normal
