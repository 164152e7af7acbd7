"""A patch is one square, at a random place of each picture."""

from clearsight.attacks.methods.patch import patch
from tests.attacks.victims import mid_grey


def test_a_patch_is_one_square():
    given = mid_grey(0.1, 16)
    found = patch(given)
    changed = (found != given.pictures).flatten(1)
    assert bool((changed.sum(1) <= 4).all()) and len({tuple(row.nonzero().flatten().tolist()) for row in changed}) > 3
    squares = [found[i][:, changed[i].view(8, 8)].flatten().tolist() for i in range(16) if int(changed[i].sum()) == 4]
    assert len({tuple(values) for values in squares}) == 1
