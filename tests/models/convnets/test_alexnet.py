"""AlexNet against the listing of its paper, plainly written."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from clearsight import models
from tests.models.expected import check, filled, rows, waves


@rows("alexnet")
def test_parameters_and_stages(row, expected):
    check(row, expected)


def plain_2012(w: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """Section 3.5: response norms after the first two layers, two groups (the GPUs) in the second, fourth and fifth."""

    def conv(x, i, stride=1, padding=1, groups=1):
        return torch.relu(F.conv2d(x, w[f"trunk.{i}.weight"], w[f"trunk.{i}.bias"], stride, padding, groups=groups))

    x = F.max_pool2d(F.local_response_norm(conv(x, 0, 4, 0), 5, 5e-4, 0.75, 2), 3, 2)
    x = F.max_pool2d(F.local_response_norm(conv(x, 4, 1, 2, 2), 5, 5e-4, 0.75, 2), 3, 2)
    x = F.max_pool2d(conv(conv(conv(x, 8), 10, groups=2), 12, groups=2), 3, 2)
    x = F.adaptive_avg_pool2d(x, 6).flatten(1)
    for i in (1, 4):
        x = torch.relu(F.linear(x, w[f"classifier.{i}.weight"], w[f"classifier.{i}.bias"]))
    return F.linear(x, w["classifier.6.weight"], w["classifier.6.bias"])


def test_the_network_of_2012_is_the_papers():
    model = filled(models.build("alexnet-2012", 5, height=99, width=131))
    x = waves(2, 3, 99, 131)
    with torch.no_grad():
        torch.testing.assert_close(model(x), plain_2012(model.state_dict(), x), rtol=1e-4, atol=1e-4)


def test_the_lectures_norm_is_after_the_pooling_and_has_no_groups():
    with torch.device("meta"):
        paper, lecture = (models.build(name, 5, height=227, width=227).trunk for name in ("alexnet-2012", "alexnet-lecture"))
    assert [type(layer).__name__ for layer in paper[2:4]] == ["ResponseNorm", "MaxPool2d"]
    assert [type(layer).__name__ for layer in lecture[2:4]] == ["MaxPool2d", "ResponseNorm"]
    assert [layer.groups for layer in paper if isinstance(layer, nn.Conv2d)] == [1, 2, 1, 2, 2]
    assert [layer.groups for layer in lecture if isinstance(layer, nn.Conv2d)] == [1] * 5


@pytest.mark.parametrize("name", ["alexnet", "alexnet-2012", "alexnet-lecture"])
@pytest.mark.parametrize(("size", "small"), [((64, 300), True), ((67, 67), False)], ids=str)
def test_small_pictures_meet_small_kernels_at_stride_1(name, size, small):
    with torch.device("meta"):
        first = models.build(name, 5, height=size[0], width=size[1]).trunk[0]
    assert (first.kernel_size, first.stride) == (((5, 5), (1, 1)) if small else ((11, 11), (4, 4)))
