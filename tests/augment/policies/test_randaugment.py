"""RandAugment: changes at one strength."""

import torch

from clearsight.augment.policies import randaugment, search_space
from clearsight.augment.registry import AUGMENTATIONS

from ..random_pictures import PICTURES, SIZE


def test_rand_goes_as_far_as_its_strength():
    """Turned by 67.5°, half of the largest, one way or the other; never by less. The first of the two changes or the second."""
    choice = (next(i for i, (name, *_) in enumerate(search_space.WIDE) if name == "rotate") + 0.5) / len(search_space.WIDE)
    row = AUGMENTATIONS["rotate"]
    for first in (0, randaugment.DRAWS // 2):  # of the draws of a change: which one, and its own
        draws = torch.full((2, randaugment.DRAWS), 0.01)
        draws[:, first], draws[0, first + 1], draws[1, first + 1] = choice, 0.3, 0.7
        made = AUGMENTATIONS["rand"].change(PICTURES[:2], search_space.plan_policy(draws, (5.0,), (3, *SIZE)), SIZE)
        for i, draw in enumerate((0.0, 1 - 2.0**-24)):
            turned = row.change(PICTURES[i : i + 1], row.plan(torch.tensor([[draw]]), (67.5,), (3, *SIZE)), SIZE)
            assert torch.equal(made[i], turned[0])


def test_a_draw_is_the_largest_of_either_side_and_stays_below_1(monkeypatch):
    taken = []
    monkeypatch.setattr(randaugment, "apply_one_each", lambda rows, space, x, choice, own, strength: taken.append(own) or x)
    draws = torch.rand(64, randaugment.DRAWS + 1, generator=torch.Generator().manual_seed(0))
    AUGMENTATIONS["rand"].change(PICTURES[:1].expand(64, -1, -1, -1), draws, SIZE)
    assert {float(v) for own in taken for v in own.flatten()} == {0.0, 1 - 2.0**-24}
