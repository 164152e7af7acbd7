"""What counts as a layer in Keras."""

import torch

from clearsight.models.topological import counts, more


def test_what_counts_depends_on_the_family():
    maps = torch.zeros(1, 4, 3, 3)
    convolution = (maps, None, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 4)
    assert counts("resnet")("convolution", convolution, maps, 1) and not counts("xception")("convolution", convolution, maps, 1)
    assert counts("resnet")("relu_", (maps,), maps, 1) and not counts("vgg")("relu_", (maps,), maps, 1)
    assert counts("resnet")("add", (maps, maps), maps, 2) and not counts("resnet")("add", (maps, 3), maps, 1)
    assert not counts("vgg")("_adaptive_avg_pool2d", (maps, [3, 3]), maps, 1)
    assert counts("vgg")("_adaptive_avg_pool2d", (maps, [1, 1]), maps[..., :1, :1], 1)
    assert (more("resnet"), more("vgg"), more("mobilenet")) == (1, 2, 5)
