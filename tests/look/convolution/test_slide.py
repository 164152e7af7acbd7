"""A step is its products, and all steps together are torch's convolution."""

import itertools

import pytest
import torch
import torch.nn.functional as F

from clearsight.base.errors import UsageError
from clearsight.look.convolution import calculate, convolve

GEOMETRIES = list(itertools.product((1, 3), (1, 2), (1, 2, 3), (0, 1, 2), (1, 2)))


def test_a_step_is_its_products():
    step = calculate().convolution.step(0, 1, 2)
    assert step.patch.tolist() == [[[35, 45, 200], [245, 250, 230], [235, 145, 170]]]
    assert torch.allclose(step.products[0, 0], torch.tensor([-24.5, 9, 20], dtype=torch.float64)) and round(step.sum, 9) == 224


@pytest.mark.parametrize(("channels", "count", "stride", "padding", "dilation"), GEOMETRIES)
def test_every_step_is_torchs_convolution(channels, count, stride, padding, dilation):
    generator = torch.Generator().manual_seed(channels + 10 * count + 100 * stride + 1000 * padding + dilation)
    x = torch.rand(channels, 9, 8, generator=generator, dtype=torch.float64)
    kernels = torch.randn(count, channels, 3, 2, generator=generator, dtype=torch.float64)
    bias = torch.randn(count, generator=generator, dtype=torch.float64)
    found = convolve(x, kernels, bias=bias.tolist(), stride=stride, padding=padding, dilation=dilation)
    expected = F.conv2d(x[None], kernels, bias, stride, padding, dilation)[0]
    sums = torch.tensor([step.sum for step in found.steps()], dtype=torch.float64).view(expected.shape)
    assert torch.allclose(sums, expected, atol=1e-12) and torch.allclose(found.maps, expected, atol=1e-8)


def test_the_window_may_begin_in_the_padding():
    step = convolve(torch.ones(4, 4), torch.ones(3, 3), padding=1).step(0, 0, 3)
    assert (step.top, step.left) == (-1, 2) and step.patch[0].tolist() == [[0, 0, 0], [1, 1, 0], [1, 1, 0]] and step.sum == 4


def test_what_does_not_fit_is_refused():
    with pytest.raises(UsageError, match="spans 5×5 pixels and the picture has 4×4"):
        convolve(torch.ones(4, 4), torch.ones(3, 3), dilation=2)
    with pytest.raises(UsageError, match="one slice for each of the picture's 2 channels"):
        convolve(torch.ones(2, 4, 4), torch.ones(3, 3))
    with pytest.raises(UsageError, match="within the 2×2 map, counted from 0"):
        convolve(torch.ones(4, 4), torch.ones(3, 3)).step(0, 2, 0)
