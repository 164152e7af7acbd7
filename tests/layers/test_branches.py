"""Parallel branches described by words: their layers and shapes."""

import torch

from clearsight.layers.branches import Parallel
from clearsight.layers.dialect import Dialect


def test_branches_are_concatenated_in_order():
    branches = {"a": "4:1", "b": "2:1 6:3", "c": "max 3:1", "d": "avg"}
    layer = Parallel(Dialect(), 5, branches).eval()
    x = torch.rand(2, 5, 9, 9)
    y = layer(x)
    assert y.shape == (2, layer.outputs, 9, 9) and layer.outputs == 4 + 6 + 3 + 5
    assert torch.allclose(y[:, -5:], torch.nn.functional.avg_pool2d(x, 3, 1, 1), atol=1e-6)


def test_a_rectangle_a_stride_and_two_in_parallel():
    layer = Parallel(Dialect(), 4, {"a": "6:1x7", "b": "8:1x3|8:3x1"}).eval()
    assert layer(torch.rand(1, 4, 9, 9)).shape == (1, 22, 9, 9)
    kernels = [tuple(m.kernel_size) for m in layer.modules() if isinstance(m, torch.nn.Conv2d)]
    assert kernels == [(1, 7), (1, 3), (3, 1)]
    halved = Parallel(Dialect(), 4, {"a": "6:3/2", "b": "max/2"}).eval()
    assert halved(torch.rand(1, 4, 9, 9)).shape == (1, 10, 4, 4)
