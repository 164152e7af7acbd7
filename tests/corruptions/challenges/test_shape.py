"""Deformations against NumPy and by hand."""

import numpy as np
import torch
from scipy import ndimage

from clearsight.corruptions.challenges import shape
from clearsight.corruptions.rng import Draws


def draws(n: int = 1) -> Draws:
    return Draws(torch.arange(n), "test", 0)


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


def test_perspective_reads_each_pixel_where_the_homography_takes_it():
    ramps = torch.stack(torch.meshgrid(torch.arange(32.0), torch.arange(48.0), indexing="ij"))[None]  # down, right
    corners = torch.tensor([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    inwards = 0.3 * draws().uniform(0, 1, 4, 2)
    maps = shape.homography(corners - corners.sign() * inwards, corners)[0].numpy()
    rows, columns = np.mgrid[:32, :48]
    x, y, w = np.einsum("ij,jhw->ihw", maps, np.stack([(columns + 0.5) / 48 - 0.5, (rows + 0.5) / 32 - 0.5, np.ones((32, 48))]))
    down, right = (y / w + 0.5) * 32 - 0.5, (x / w + 0.5) * 48 - 0.5
    seen, inside = shape.perspective(ramps, draws(), 0.3, ramps)[0].numpy(), (down > 0) & (down < 31) & (right > 0) & (right < 47)
    assert 0.3 < inside.mean() < 1
    np.testing.assert_allclose(seen[:, inside], np.stack([down, right])[:, inside], atol=1e-3)


def test_elastic_moves_pixels_by_a_field_blurred_over_a_twelfth_of_the_side():
    ramps = torch.stack(torch.meshgrid(torch.arange(40.0), torch.arange(40.0), indexing="ij"))[None]  # down, right
    field = draws().uniform(-1, 1, 2, 40, 40)[0].double().numpy()
    field = np.stack([ndimage.gaussian_filter(way, 0.08 * 40, mode="nearest") for way in field])
    field *= 0.1 * 40 / np.linalg.norm(field, axis=0).max()
    moved = (shape.elastic(ramps, draws(), 0.1, ramps) - ramps)[0].numpy()[::-1]  # right, down
    np.testing.assert_allclose(moved[:, 8:-8, 8:-8], field[:, 8:-8, 8:-8], atol=0.02)


def test_a_translation_is_as_long_as_its_strength_in_any_direction():
    both = torch.stack(torch.meshgrid(torch.arange(20.0), torch.arange(20.0), indexing="ij"))[None].expand(16, -1, -1, -1)
    moved = shape.translation(both, draws(16), 0.1, both)[..., 10, 10] - 10
    torch.testing.assert_close(moved.norm(dim=1), torch.full((16,), 2.0), atol=1e-3, rtol=0)
