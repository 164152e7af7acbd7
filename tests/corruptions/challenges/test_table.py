"""The classical challenges: each with a case computed by hand, and draws that belong to a picture, not to its batch or the strength."""

import numpy as np
import pytest
import torch

from clearsight.base.errors import UsageError
from clearsight.corruptions.challenges import CHALLENGES, challenged, covered_at, occlusion, shape
from clearsight.corruptions.challenges import light as light_module
from clearsight.corruptions.rng import Draws

PICTURES = torch.randint(0, 256, (6, 3, 20, 30), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
OTHERS, INDICES = PICTURES.flip(0), torch.tensor([5, 1, 0, 90, 7, 2])


def draws(n: int = 1) -> Draws:
    return Draws(torch.arange(n), "test", 0)


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


def test_light():
    x = torch.full((8, 1, 5, 5), 0.25)
    found = sorted({round(float(value), 5) for value in light_module.brightness(x, draws(8), 0.2, x).flatten()})
    assert found == [0.05, 0.45]
    assert sorted({round(float(value), 5) for value in light_module.gamma(x, draws(8), 1, x).flatten()}) == [0.0625, 0.5]
    two = torch.tensor([0.2, 0.6]).view(1, 1, 1, 2)
    assert light_module.contrast(two, draws(), 0.5, two).flatten().tolist() == pytest.approx([0.3, 0.5])


def test_light_from_a_side_and_shadow():
    grey = torch.full((4, 1, 32, 32), 0.5)
    lit = light_module.directional(grey, draws(4), 0.6, grey)
    assert lit.mean((1, 2, 3)).tolist() == pytest.approx([0.5] * 4, abs=1e-5)
    assert lit.amax((1, 2, 3)).tolist() == pytest.approx([0.8] * 4) and lit.amin((1, 2, 3)).tolist() == pytest.approx([0.2] * 4)
    shade = light_module.shadow(grey, draws(4), 0.6, grey)
    assert shade.amax((1, 2, 3)).tolist() == pytest.approx([0.5] * 4) and shade.amin((1, 2, 3)).tolist() == pytest.approx([0.2] * 4)
    assert 0.2 < float((shade < 0.21).float().mean()) < 0.8


@pytest.mark.parametrize("share", [0.05, 0.25, 0.5])
def test_a_patch_covers_its_share(share):
    x = torch.zeros(200, 1, 40, 40)
    covered = occlusion.grey_patch(x, draws(200), share, x) == 0.5
    assert covered.float().mean((1, 2, 3)).tolist() == pytest.approx([share] * 200, abs=0.03)
    rows, columns = covered[:, 0].any(2), covered[:, 0].any(1)
    assert all(bool(way[:, end].any()) for way in (rows, columns) for end in (0, -1))  # it goes to every border
    strange = occlusion.foreign_patch(x, draws(200), share, x + 0.7)
    assert torch.equal(strange == 0.7, covered)


def test_covered_places():
    x = torch.zeros(1, 1, 10, 10, dtype=torch.uint8)
    expected = np.zeros((10, 10))
    expected[3:5, 8:10] = 128  # the middle of cell (1, 3) is 3.75 px down and 8.75 px right; a fifth of the side is 1 px around it
    assert np.array_equal(covered_at(x, 1, 3, 4, 0.2)[0, 0].numpy(), expected)


def test_clutter():
    x, other = torch.zeros(1, 1, 10, 10), torch.ones(1, 1, 10, 10)
    assert float(occlusion.blended(x, draws(), 0.3, other).unique()) == pytest.approx(0.3)
    around = occlusion.surrounded(x, draws(), 0.4, other)
    assert int((around == 0).sum()) == 36 and int((around == 1).sum()) == 64
    rows, columns = torch.nonzero(around[0, 0] == 0, as_tuple=True)
    assert (int(rows.max() - rows.min()), int(columns.max() - columns.min())) == (5, 5)


def test_a_quarter_turn_is_numpys():
    x = torch.rand(8, 2, 9, 9, generator=torch.Generator().manual_seed(0))
    turned = shape.rotation(x, draws(8), 90, x)
    ways = {
        next(k for k in (1, 3) if np.allclose(np.rot90(before.numpy(), k, (1, 2)), after.numpy(), atol=1e-5))
        for before, after in zip(x, turned, strict=True)
    }
    assert ways == {1, 3}


def test_scale_by_two_repeats_and_halves():
    ramp = torch.arange(8.0).expand(8, 1, 8, 8)
    found = shape.scale(ramp, draws(8), 1.0, ramp)
    larger, smaller = [1.75, 2.25, 2.75, 3.25, 3.75, 4.25, 4.75, 5.25], [0, 0, 0.5, 2.5, 4.5, 6.5, 7, 7]
    lines = {tuple(round(value, 3) for value in one[0, 0].tolist()) for one in found}
    assert lines == {tuple(larger), tuple(float(value) for value in smaller)}


def test_translation_and_shear():
    ramp = torch.arange(20.0).expand(16, 1, 20, 20)
    moved = shape.translation(ramp, draws(16), 0.1, ramp)[:, 0, 10, 10] - 10
    assert moved.abs().max() <= 2 + 1e-4 and len({round(float(value), 3) for value in moved}) > 8
    sheared = shape.shear(ramp, draws(16), 0.5, ramp)[:, 0, :, 10] - 10
    assert {round(abs(float(value)), 3) for value in sheared[:, 13]} == {0.5 * 3.5}  # row 13 is 3.5 px below the middle
    assert torch.allclose(sheared[:, 13], -sheared[:, 6], atol=1e-4)


def test_homographies_take_corners_to_corners():
    before = torch.tensor([[[-0.5, -0.4], [0.3, -0.5], [0.5, 0.45], [-0.35, 0.5]]])
    after = torch.tensor([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    maps = shape.homography(before, after)
    seen = torch.cat([before.double(), torch.ones(1, 4, 1)], 2) @ maps.transpose(1, 2)
    assert torch.allclose(seen[..., :2] / seen[..., 2:], after.double(), atol=1e-9)


def test_perspective_moves_the_corners_in():
    x = torch.rand(1, 1, 40, 40, generator=torch.Generator().manual_seed(1)).mul(0.5).add(0.5)
    x[..., 0, :] = x[..., -1, :] = 0
    x[..., 0] = x[..., -1] = 0
    seen = shape.perspective(x, draws(), 0.3, x)
    assert float((seen == 0).float().mean()) > 0.15 and float(seen[0, 0, 18:22, 18:22].min()) > 0.4


def test_elastic_moves_no_pixel_further_than_its_strength():
    across = torch.arange(32.0).expand(3, 1, 32, 32)
    both = torch.cat([across, across.transpose(2, 3)], 1)
    moved = (shape.elastic(both, draws(3), 0.1, both) - both)[..., 4:-4, 4:-4].norm(dim=1)
    assert float(moved.max()) <= 3.2 + 1e-3 and float(moved.max()) > 1
    assert float(moved.diff(dim=2).abs().max()) < 1.6  # neighbours move together


def test_mistakes_are_named():
    with pytest.raises(UsageError, match="Did you mean rotation"):
        challenged(PICTURES, INDICES, "rotatoin", 1, OTHERS)
