"""Corruptions and challenges on pictures of many bands: of equal bands each is what the grey picture becomes, but for noise."""

import pytest
import torch

from clearsight.corruptions import CORRUPTIONS, corrupted
from clearsight.corruptions.challenges import CHALLENGES, challenged

GREY = torch.randint(0, 256, (2, 1, 36, 36), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
MANY, PLACES = GREY.expand(-1, 5, -1, -1).contiguous(), torch.arange(2)


@pytest.mark.parametrize("name", [name for name, row in CORRUPTIONS.items() if not row.colour])
def test_corruptions(name):
    many = corrupted(MANY, PLACES, name, 3)
    assert many.shape == MANY.shape and (CORRUPTIONS[name].group == "noise") != many.equal(corrupted(GREY, PLACES, name, 3).expand_as(many))


@pytest.mark.parametrize("name", CHALLENGES)
def test_challenges(name):
    strength = CHALLENGES[name].strengths[2]
    many = challenged(MANY, PLACES, name, strength, MANY.flip(0))
    assert many.equal(challenged(GREY, PLACES, name, strength, GREY.flip(0)).expand_as(many))
