"""Random erasing: its boxes and levels."""

import torch

from clearsight.augment.ops.erase import erase, fill_boxes, plan_erase

from ..photo import PICTURES, SHAPE, SIZE


def test_erased_boxes_are_the_same_however_they_are_filled():
    plan = plan_erase(torch.rand(6, 6, generator=torch.Generator().manual_seed(0)), (0.25,), SHAPE)
    for pictures in (PICTURES, PICTURES / 255):
        expected = pictures.clone()
        for picture, (top, left, bottom, right, level) in zip(expected, plan.tolist(), strict=True):
            picture[:, top:bottom, left:right] = level if pictures.dtype == torch.uint8 else level / 255
        assert torch.equal(erase(pictures, plan, SIZE), expected) and not torch.equal(pictures, expected)
        assert torch.equal(fill_boxes(pictures, plan), expected), "as other processors compute it"


def test_erased_boxes():
    draws = torch.rand(4000, 6, generator=torch.Generator().manual_seed(0))
    plan = plan_erase(draws, (0.25,), (1, 32, 32))
    made = erase(torch.full((4000, 1, 32, 32), 7, dtype=torch.uint8), plan, (32, 32))
    covered = (made != 7).flatten(1).sum(1)
    share = (covered > 0).double().mean()
    assert 0.4 < float(share) < 0.52 and int(covered.max()) <= 0.3 * 32 * 32
    for picture, (top, left, bottom, right, level) in zip(made[:50, 0], plan[:50].tolist(), strict=True):
        assert bool((picture[top:bottom, left:right] == level).all())
        assert int((picture != 7).sum()) == (bottom - top) * (right - left) * (level != 7)


def test_a_box_that_is_erased_by_hand():
    """Of 40×40 px a quarter at most, half of that here: √200 = 14 px a side, at 0.25 and 0.75 of 27 places; then 3:1; then none."""
    draws = torch.tensor([[0.5, 0.5, 0.25, 0.75, 0.0, 0.5], [0.5, 1.0, 0.25, 0.75, 0.0, 0.5], [0.5, 0.5, 0.25, 0.75, 0.6, 0.5]])
    found = plan_erase(draws, (0.25,), (3, 40, 40)).tolist()
    assert found == [[6, 20, 20, 34, 128], [4, 24, 28, 32, 128], [6, 20, 6, 20, 128]]
