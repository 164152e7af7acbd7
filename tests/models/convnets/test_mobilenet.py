"""MobileNet: depthwise separable convolutions and the late padding of Keras."""

import pytest
import torch
import torch.nn.functional as F

from clearsight import models
from clearsight.layers.dialect import TORCHVISION
from clearsight.models.convnets.mobilenet import LateConv2d, separable
from tests.models.expected import check, filled, rows, waves


@rows("mobilenet")
def test_parameters_and_stages(row, expected):
    check(row, expected)


def test_a_separable_convolution_is_one_kernel_per_channel_and_a_mixture():
    block = filled(separable(TORCHVISION, 3, 5, 1, late=False))
    w, x = block.state_dict(), 4 * waves(2, 3, 6, 7)

    def norm(y, i):
        parts = (w[f"{i}.1.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        return F.batch_norm(y, *parts).clamp(0, 6)

    channels = [F.conv2d(x[:, c : c + 1], w["0.0.weight"][c : c + 1], padding=1) for c in range(3)]
    mixed = torch.einsum("oi,nihw->nohw", w["1.0.weight"][..., 0, 0], norm(torch.cat(channels, 1), 0))
    with torch.no_grad():
        torch.testing.assert_close(block(x), norm(mixed, 1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [(8, 8), (9, 11)], ids=str)
def test_late_padding_is_below_and_to_the_right(size):
    layer = LateConv2d(1, 1, 3, 2, bias=False)
    torch.nn.init.ones_(layer.weight)
    with torch.no_grad():
        answers = layer(torch.ones(1, 1, *size))
    assert answers.shape[2:] == (size[0] // 2, size[1] // 2)
    assert answers[0, 0, 0, 0] == 9  # no zeros above or on the left
    assert answers[0, 0, -1, -1] == (4 if size[0] % 2 == 0 else 9)


def test_only_keras_pads_late_and_only_large_pictures():
    def late(name, side):
        with torch.device("meta"):
            return sum(isinstance(m, LateConv2d) for m in models.build(name, 3, height=side, width=side).modules())

    assert (late("mobilenet.keras", 96), late("mobilenet.keras", 64), late("mobilenet_v1", 96)) == (4, 0, 0)
