"""Policies: one change of a search space for each picture."""

import pytest
import torch

from clearsight.augment.pipeline import apply, parse
from clearsight.augment.policies import search_space
from clearsight.augment.registry import AUGMENTATIONS, POLICIES

from ..random_pictures import INDICES, PICTURES, SIZE


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_takes_pictures_after_a_change_of_colour(name):
    """Which are floats: as levels they are what it would have been given."""
    before = apply(parse("brightness"), PICTURES, INDICES, 3, 0, SIZE)
    row, draws = AUGMENTATIONS[name], torch.rand(64, AUGMENTATIONS[name].draws, generator=torch.Generator().manual_seed(0))
    plan = row.plan(draws, row.default, (3, *SIZE))
    after, of_levels = (row.change(given, plan, SIZE) for given in (before, (before * 255).round().to(torch.uint8)))
    assert torch.equal(after, of_levels)


@pytest.mark.parametrize("name", POLICIES)
def test_policies_are_drawn_for_every_picture(name):
    same = PICTURES[:1].expand(64, -1, -1, -1)
    made = apply(parse(name), same, INDICES, 0, 0, SIZE).float()
    different = {tuple(picture.flatten().tolist()) for picture in made}
    least = 20 if name.startswith("auto-") else 40  # of 25 lines with few amounts
    assert len(different) > least, "one picture, many changes within a batch"


@pytest.mark.parametrize("listed", [search_space.WIDE, search_space.GENTLE])
def test_shear_and_translation_of_a_policy_go_along_one_axis(listed):
    """Of two crossed stripes each of the four changes leaves the one along its axis as it is."""
    stripes = torch.zeros(2, 1, 40, 40, dtype=torch.uint8)
    stripes[0, :, 8:12], stripes[1, ..., 8:12] = 200, 200
    moved = []
    for i, entry in enumerate(listed):
        choice, draws = torch.full((2,), (i + 0.5) / len(listed)), torch.full((2, search_space.DRAWS), 0.9)
        made = search_space.apply_one_each(AUGMENTATIONS, listed, stripes, choice, draws, torch.ones(2))
        moved += [(entry.row, k) for k in (1, 0) if entry.row in ("shear", "translate") and not torch.equal(made[k], stripes[k])]
    assert moved == [("shear", 1), ("shear", 0), ("translate", 1), ("translate", 0)]  # x and y, each once
