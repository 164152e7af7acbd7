"""LeNet-5: padding to 32 px, and its layers plainly written."""

import pytest
import torch
import torch.nn.functional as F

from clearsight import models
from tests.models.expected import check, filled, rows, waves


@rows("lenet")
def test_parameters_and_stages(row, expected):
    check(row, expected)


@pytest.mark.parametrize(
    ("size", "padded"),
    [
        ((28, 28), (32, 32)),
        ((31, 28), (33, 32)),  # as much on both sides: an odd side gets one more than it needs
        ((32, 33), (32, 33)),
        ((1, 32), (33, 32)),
        ((40, 29), (40, 33)),
        ((96, 96), (96, 96)),
    ],
    ids=str,
)
def test_it_pads_to_32_and_no_further(size, padded):
    with torch.device("meta"):
        model = models.build("lenet5", 10, channels=1, height=size[0], width=size[1])
    assert tuple(n + 2 * p for n, p in zip(size, reversed(model.pad), strict=True)) == padded
    assert model(torch.zeros(2, 1, *size, device="meta")).shape == (2, 10)


def test_it_is_figure_2():
    model = filled(models.build("lenet5", 10, channels=1, height=28, width=30))
    w, x = model.state_dict(), waves(3, 1, 28, 30)
    y = F.pad(x, (1, 1, 2, 2))
    for i in (1, 2):
        y = F.max_pool2d(torch.relu(F.conv2d(y, w[f"conv{i}.weight"], w[f"conv{i}.bias"])), 2)
    y = y.flatten(1)
    for i in (1, 2):
        y = torch.relu(F.linear(y, w[f"fc{i}.weight"], w[f"fc{i}.bias"]))
    with torch.no_grad():
        torch.testing.assert_close(model(x), F.linear(y, w["fc3.weight"], w["fc3.bias"]))
