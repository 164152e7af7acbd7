"""The classical challenges: each with a case computed by hand, and draws that belong to a picture, not to its batch or the strength."""

import pytest
import torch

from clearsight.base.errors import UsageError
from clearsight.corruptions.challenges import CHALLENGES, challenged

PICTURES = torch.randint(0, 256, (6, 3, 20, 30), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
OTHERS, INDICES = PICTURES.flip(0), torch.tensor([5, 1, 0, 90, 7, 2])


@pytest.mark.parametrize("name", CHALLENGES)
def test_a_picture_is_changed_in_the_same_way_in_any_batch(name):
    row = CHALLENGES[name]
    assert len(row.strengths) == 5 and list(row.strengths) == sorted(set(row.strengths))
    for channels in (1, 3):
        before, others = PICTURES[:, :channels], OTHERS[:, :channels]
        changed = challenged(before, INDICES, name, row.strengths[2], others)
        assert changed.dtype == torch.uint8 and changed.shape == before.shape and not torch.equal(changed, before)
        alone = [challenged(before[i : i + 1], INDICES[i : i + 1], name, row.strengths[2], others[i : i + 1]) for i in range(6)]
        assert torch.equal(torch.cat(alone), changed)


@pytest.mark.parametrize("name", CHALLENGES)
def test_nothing_of_a_challenge_changes_nothing(name):
    changed = challenged(PICTURES, INDICES, name, 0.0, OTHERS)
    if name in ("patch", "foreign"):  # at least a pixel
        assert (changed != PICTURES).any(1).sum() <= len(PICTURES)
    else:
        assert (changed.int() - PICTURES.int()).abs().max() <= 1


def test_mistakes_are_named():
    with pytest.raises(UsageError, match="Did you mean rotation"):
        challenged(PICTURES, INDICES, "rotatoin", 1, OTHERS)
