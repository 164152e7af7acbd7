"""Small changes to pictures: what they do, and that they do the same to a picture in any batch."""

import pytest
import torch

from clearsight.corruptions.mild import CORRUPTIONS, brightness, occlusion, shift

PICTURES = torch.randint(0, 256, (40, 3, 28, 42), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
EVERY = torch.arange(40)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_picture_is_changed_in_the_same_way_in_any_batch(name):
    changed = CORRUPTIONS[name](PICTURES, EVERY)
    assert changed.dtype == torch.uint8 and changed.shape == PICTURES.shape
    assert not torch.equal(changed, PICTURES)
    for some in (torch.tensor([7]), torch.tensor([30, 2, 11])):
        assert torch.equal(CORRUPTIONS[name](PICTURES[some], some), changed[some])


def test_a_shift_is_a_fourteenth_of_the_side():
    moved = shift(PICTURES, EVERY)
    ways = set()
    for before, after in zip(PICTURES, moved, strict=True):
        found = [
            (y, x) for y in (-2, 0, 2) for x in (-3, 0, 3) if torch.equal(after[:, 2:-2, 3:-3], before[:, 2 + y : 26 + y, 3 + x : 39 + x])
        ]
        assert len(found) == 1 and found != [(0, 0)]
        ways.add(found[0])
    assert len(ways) == 8


def test_brightness_is_a_fifth_of_the_range_either_way():
    changed = brightness(PICTURES, EVERY).int() - PICTURES.int()
    inner = (PICTURES >= 51) & (PICTURES <= 204)
    signs = {int(change[0]) for change in (row[keep].unique() for row, keep in zip(changed, inner, strict=True))}
    assert signs == {-51, 51}


def test_what_is_covered_is_a_ninth():
    covered = (occlusion(PICTURES, EVERY) == 128).all(1)
    for picture in covered:
        rows, columns = picture.any(1).nonzero()[:, 0], picture.any(0).nonzero()[:, 0]
        assert (int(rows[-1] - rows[0]), int(columns[-1] - columns[0])) == (8, 13)
        assert picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
