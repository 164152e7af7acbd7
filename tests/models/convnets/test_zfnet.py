"""ZFNet: what it changes in AlexNet."""

import torch
from torch import nn

from clearsight import models
from tests.models.expected import check, rows


@rows("zfnet")
def test_parameters_and_stages(row, expected):
    check(row, expected)


def test_it_is_the_lectures_alexnet_with_a_finer_first_layer():
    with torch.device("meta"):
        ours, alexnet = (
            [layer for layer in models.build(name, 5, height=224, width=224).trunk if isinstance(layer, nn.Conv2d)]
            for name in ("zfnet", "alexnet-lecture")
        )
    assert [(c.kernel_size[0], c.stride[0]) for c in ours[:2]] == [(7, 2), (5, 2)]
    assert [(c.kernel_size[0], c.stride[0]) for c in alexnet[:2]] == [(11, 4), (5, 1)]
    assert [c.out_channels for c in ours] == [c.out_channels for c in alexnet] and {c.groups for c in ours} == {1}


def test_pooling_reads_the_last_row():
    """The paper's 55 × 55 maps after a pooling of 110 × 110: the last window is cut off by the border."""
    with torch.device("meta"):
        pools = [layer for layer in models.build("zfnet", 5).trunk if isinstance(layer, nn.MaxPool2d)]
    assert all(pool.ceil_mode for pool in pools)
    x = torch.zeros(1, 1, 6, 6)
    x[..., 5] = 1
    assert pools[0](x)[..., -1].eq(1).all()


def test_dropout_is_before_both_hidden_layers():
    model = models.build("zfnet", 3, channels=1, height=28, width=28, dropout=0.2)
    assert [(i, m.p) for i, m in enumerate(model.classifier) if isinstance(m, nn.Dropout)] == [(0, 0.2), (3, 0.2)]
