"""The classical challenges: each with a case computed by hand, and draws that belong to a picture, not to its batch or the strength."""

import pytest
import torch

from clearsight.base.errors import UsageError
from clearsight.corruptions.challenges import CHALLENGES, challenged

PICTURES = torch.randint(0, 256, (6, 3, 20, 30), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
OTHERS, INDICES = PICTURES.flip(0), torch.tensor([5, 1, 0, 90, 7, 2])


SHARES = (0.05, 0.1, 0.2, 0.3, 0.5)
STRENGTHS = {  # results of different versions are compared, so these stay
    "light": (0.1, 0.2, 0.3, 0.4, 0.6), "flat": (0.2, 0.4, 0.6, 0.8, 0.9), "gamma": (0.5, 1, 1.5, 2, 3),
    "directional": (0.2, 0.4, 0.6, 0.8, 1), "shadow": (0.2, 0.4, 0.6, 0.8, 1), "patch": SHARES, "foreign": SHARES,
    "rotation": (10, 20, 30, 45, 90), "scale": (0.1, 0.25, 0.5, 0.75, 1), "perspective": (0.05, 0.1, 0.2, 0.3, 0.4),
    "elastic": (0.05, 0.1, 0.2, 0.3, 0.4), "translation": (0.05, 0.1, 0.15, 0.2, 0.3), "shear": (0.1, 0.2, 0.3, 0.5, 0.8),
    "blend": (0.1, 0.2, 0.3, 0.4, 0.5), "surround": (0.1, 0.2, 0.3, 0.4, 0.5),
}  # fmt: skip


def test_the_strengths_of_every_challenge():
    assert {name: row.strengths for name, row in CHALLENGES.items()} == STRENGTHS


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
