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


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize(("p", "scale"), [(0.5, 2), (0.25, 4 / 3)])
def test_each_value_has_random_bits_of_its_own(p, scale, dtype):
    n, size = 150, 8 * dtype.itemsize  # a last word is used in part
    words, draws = -(-n // size), 1 if p == 0.5 else 2
    torch.manual_seed(3)
    raw = torch.empty(-(-draws * words * size // 64), dtype=torch.int64).random_(-(2**63), None).numpy().tobytes()
    numbers = [int.from_bytes(raw[i * size // 8 : (i + 1) * size // 8], "little") for i in range(draws * words)]
    expected = []
    for value in range(n):
        bit, word = size - 1 - value // words, value % words
        kept = any(numbers[draw * words + word] >> bit & 1 for draw in range(draws))
        expected.append(float(torch.tensor(scale, dtype=dtype)) if kept else 0.0)
    torch.manual_seed(3)
    assert Dropout(p).train()(torch.ones(10, 15, dtype=dtype)).flatten().tolist() == pytest.approx(expected, rel=1e-7)


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


def test_stochastic_depth_leaves_out_whole_pictures():
    torch.manual_seed(0)
    layer = StochasticDepth(0.25)
    x = torch.ones(1000, 2, 3, 3)
    y = layer.train()(x)
    kept = y.flatten(1).amax(1) > 0
    assert torch.allclose(y[kept], torch.tensor(4 / 3)) and not y[~kept].any()
    assert abs(float(kept.float().mean()) - 0.75) < 4 * (0.25 * 0.75 / 1000) ** 0.5
    assert layer.eval()(x) is x and StochasticDepth(0.0).train()(x) is x
