"""A universal perturbation is the same change on every picture."""

import torch

from clearsight.attacks.methods.universal import universal
from tests.attacks.victims import mid_grey


def test_the_change_is_the_same_on_every_picture():
    given = mid_grey(0.1, 16)
    change = universal(given) - given.pictures
    assert torch.allclose(change, change[:1].expand_as(change), atol=1e-6)
    assert 0.05 < float(change.abs().max()) <= 0.1 + 1e-6
