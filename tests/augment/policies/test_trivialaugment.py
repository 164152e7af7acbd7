"""TrivialAugment: one change with its strength."""

import torch

from clearsight.augment.policies import search_space, trivialaugment
from clearsight.augment.registry import AUGMENTATIONS

from ..random_pictures import PICTURES, SIZE


def test_trivial_is_one_change_of_the_list_with_its_strength():
    """The second sixth or so of the list's choices: each picture is what its own change alone makes of it."""
    draws = torch.rand(64, trivialaugment.DRAWS, generator=torch.Generator().manual_seed(0))
    plan = search_space.plan_policy(draws, (1.0,), (3, *SIZE))
    made = AUGMENTATIONS["trivial"].change(PICTURES, plan, SIZE)
    seen = set()
    for i in range(64):
        name, most, fixed = search_space.WIDE[int(draws[i, 0] * len(search_space.WIDE))]
        seen.add((name, fixed))
        if not name:
            assert torch.equal(made[i], PICTURES[i])
            continue
        row, own = AUGMENTATIONS[name], draws[i : i + 1, 1 : 1 + AUGMENTATIONS[name].draws].clone()
        if fixed:
            own[0, fixed[0]] = fixed[1]
        alone = row.change(PICTURES[i : i + 1], row.plan(own, most, (3, *SIZE)), SIZE)
        alone = alone if alone.dtype == torch.uint8 else (alone * 255).round().to(torch.uint8)
        assert torch.equal(made[i], alone[0]), name
    assert len(seen) == len(search_space.WIDE)
