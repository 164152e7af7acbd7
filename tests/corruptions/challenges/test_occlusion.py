"""Patches and clutter."""

import numpy as np
import pytest
import torch

from clearsight.corruptions.challenges import covered_at, occlusion
from clearsight.corruptions.rng import Draws


def draws(n: int = 1) -> Draws:
    return Draws(torch.arange(n), "test", 0)


@pytest.mark.parametrize("share", [0.05, 0.25, 0.5])
def test_a_patch_covers_its_share(share):
    x = torch.zeros(200, 1, 40, 40)
    covered = occlusion.grey_patch(x, draws(200), share, x) == 0.5
    assert covered.float().mean((1, 2, 3)).tolist() == pytest.approx([share] * 200, abs=0.03)
    rows, columns = covered[:, 0].any(2), covered[:, 0].any(1)
    assert all(bool(way[:, end].any()) for way in (rows, columns) for end in (0, -1))  # it goes to every border
    strange = occlusion.foreign_patch(x, draws(200), share, x + 0.7)
    assert torch.equal(strange == 0.7, covered)


def test_covered_places():
    x = torch.zeros(1, 1, 10, 10, dtype=torch.uint8)
    expected = np.zeros((10, 10))
    expected[3:5, 8:10] = 128  # the middle of cell (1, 3) is 3.75 px down and 8.75 px right; a fifth of the side is 1 px around it
    assert np.array_equal(covered_at(x, 1, 3, 4, 0.2)[0, 0].numpy(), expected)


def test_clutter():
    x, other = torch.zeros(1, 1, 10, 10), torch.ones(1, 1, 10, 10)
    assert float(occlusion.blended(x, draws(), 0.3, other).unique()) == pytest.approx(0.3)
    around = occlusion.surrounded(x, draws(), 0.4, other)
    assert int((around == 0).sum()) == 36 and int((around == 1).sum()) == 64
    rows, columns = torch.nonzero(around[0, 0] == 0, as_tuple=True)
    assert (int(rows.max() - rows.min()), int(columns.max() - columns.min())) == (5, 5)
