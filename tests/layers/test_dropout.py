"""Dropout drops the stated share, scales what it keeps, and passes the same mask to the gradient."""

import pytest
import torch

from clearsight.layers.dropout import Dropout, StochasticDepth


@pytest.mark.parametrize("p", [0.25, 0.5, 0.3])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_share_scale_and_gradient(p, layout):
    torch.manual_seed(0)
    x = torch.ones(64, 16, 9, 7).contiguous(memory_format=layout).requires_grad_()
    y = Dropout(p).train()(x)
    share = round(256 * p) / 256
    dropped = y == 0
    # 64,512 draws: four standard deviations of the share
    assert abs(float(dropped.float().mean()) - share) < 4 * (share * (1 - share) / x.numel()) ** 0.5
    assert torch.allclose(y[~dropped], torch.tensor(1 / (1 - share)))
    y.sum().backward()
    assert torch.equal(x.grad, y)
    assert y.is_contiguous(memory_format=layout)


def test_views_bfloat16_and_vectors():
    torch.manual_seed(0)
    x = torch.ones(40, 30)[:, ::2]
    assert set(Dropout(0.5).train()(x).unique().tolist()) == {0.0, 2.0}
    assert Dropout(0.5).train()(x.bfloat16()).dtype == torch.bfloat16


def test_at_rest_and_with_nothing_to_drop_it_is_the_identity():
    x = torch.ones(4, 5)
    assert Dropout(0.5).eval()(x) is x
    assert Dropout(0.0).train()(x) is x


def test_the_mask_follows_torchs_seed():
    x, layer = torch.ones(1000), Dropout(0.5).train()
    masks = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        masks.append(layer(x))
    assert torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[0], masks[2])


def test_a_branch_is_left_out_whole_and_of_each_picture_by_itself():
    torch.manual_seed(0)
    x = torch.rand(2000, 3, 2, 2) + 1
    factors = (StochasticDepth(0.4).train()(x) / x).flatten(1)
    assert torch.allclose(factors, factors[:, :1].expand_as(factors)) and set(factors[:, 0].mul(6).round().tolist()) == {0.0, 10.0}
    assert abs(float((factors[:, 0] == 0).float().mean()) - 0.4) < 4 * (0.4 * 0.6 / 2000) ** 0.5
    assert StochasticDepth(0.4).eval()(x) is x and StochasticDepth(0.0).train()(x) is x
