"""Mixed pictures and shares by definition, drawn for each picture."""

import pytest
import torch
from scipy import stats

from clearsight.augment.mix import Mix, mixed, parse
from clearsight.base.errors import UsageError

N = 400
INPUTS = torch.randn(N, 2, 10, 12, generator=torch.Generator().manual_seed(0))
INDICES = torch.arange(N)


def test_mixup_is_the_weighted_mean():
    made, other, shares = mixed(INPUTS, INDICES, parse("mixup:0.4"), 0, 3)
    assert torch.equal(other, (INDICES + N // 2) % N)
    weight = shares[:, None, None, None]
    assert torch.allclose(made, weight * INPUTS + (1 - weight) * INPUTS[other], atol=1e-6)
    assert stats.kstest(shares.numpy(), stats.beta(0.4, 0.4).cdf).pvalue > 0.01
    assert len(set(shares.tolist())) > 0.98 * N, "each picture has a share of its own"


def test_cutmix_is_a_box_and_shares_are_counted():
    made, other, shares = mixed(INPUTS, INDICES, parse("cutmix"), 0, 3)
    taken = (made != INPUTS).any(1)
    assert torch.equal(made, torch.where(taken[:, None], INPUTS[other], INPUTS))
    assert torch.allclose(1 - taken.float().mean((1, 2)), shares, atol=1e-6)
    for box in taken[:60]:
        rows, columns = box.any(1), box.any(0)
        assert int(box.sum()) == int(rows.sum()) * int(columns.sum()), "a rectangle"
    assert 0.55 < float(shares.mean()) < 0.75  # half on average, but for what falls off the border


def test_a_picture_is_mixed_in_the_same_way_whatever_its_place():
    order = torch.randperm(N, generator=torch.Generator().manual_seed(1))
    _, _, shares = mixed(INPUTS, INDICES, parse("mixup cutmix"), 0, 3)
    _, _, again = mixed(INPUTS[order], order, parse("mixup cutmix"), 0, 3)
    assert torch.equal(again, shares[order])
    assert not torch.equal(mixed(INPUTS, INDICES, parse("mixup cutmix"), 0, 4)[2], shares)


def test_both_are_drawn():
    made, other, _ = mixed(INPUTS, INDICES, parse("mixup:1 cutmix:1"), 0, 0)
    boxes = ((made == INPUTS) | (made == INPUTS[other])).flatten(1).all(1)
    assert 0.4 < float(boxes.float().mean()) < 0.6


def test_words():
    assert parse("mixup cutmix:0.5") == (Mix("mixup", 0.2), Mix("cutmix", 0.5)) and parse("") == ()
    for words in ("mixin", "mixup:0", "cutmix:x", "mixup:101"):
        with pytest.raises(UsageError):
            parse(words)
