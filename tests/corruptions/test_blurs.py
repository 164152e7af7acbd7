"""Blurs against the published program."""

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data, filters

from clearsight.corruptions.blurs import _mirrored, disk, glass_blur, moved
from clearsight.corruptions.rng import Draws


def astronaut(side: int, channels: int = 3) -> torch.Tensor:
    """A photograph as uint8 `(C, side, side)`."""
    image = Image.fromarray(data.astronaut()).resize((side, side), Image.Resampling.LANCZOS)
    levels = np.asarray(image.convert("L") if channels == 1 else image)
    return torch.from_numpy(levels.copy()).reshape(side, side, channels).permute(2, 0, 1).contiguous()


def _array(picture: torch.Tensor) -> np.ndarray:
    return picture.permute(1, 2, 0).numpy()


def test_glass_is_the_published_loop():
    """Pixel by pixel with our draws; the assignment of two views as published copies one and loses the other."""
    picture, (sigma, reach, times) = astronaut(32), (0.4, 2, 2)
    x, draws, again = picture[None].float() / 255, Draws(torch.tensor([3]), "glass_blur", 5), Draws(torch.tensor([3]), "glass_blur", 5)
    ours = glass_blur(x, draws, sigma, reach, times)[0]
    levels = np.uint8(np.clip(filters.gaussian(_array(picture) / 255, sigma, channel_axis=-1), 0, 1) * 255 + 1e-3)
    for _ in range(times):
        down, across = again.whole(-reach, reach, 2, 32, 32)[0].tolist()
        for h in range(32 - reach, reach, -1):
            for w in range(32 - reach, reach, -1):
                to = h + down[h][w], w + across[h][w]
                levels[h, w], levels[to] = levels[to], levels[h, w]
    expected = filters.gaussian(levels / 255, sigma, channel_axis=-1)
    assert np.abs(_array(ours) - expected).max() < 0.005  # a level that float32 cuts the other way


def test_white_seen_through_glass_is_white():
    white = torch.ones(1, 1, 9, 9)
    assert glass_blur(white, Draws(torch.tensor([3]), "glass_blur", 5), 0.4, 1, 1).eq(1).all()


def test_motion_is_a_mean_along_a_line():
    x = torch.zeros(2, 1, 9, 9)
    x[:, 0, 4, 4] = 1
    level, steep = moved(x, torch.tensor([0.0, 90.0]), 2, 1.0)[:, 0]
    weights = np.exp(-(np.arange(5) ** 2) / 2)
    assert level[4].numpy() == pytest.approx([*(weights / weights.sum())[::-1], 0, 0, 0, 0], abs=1e-6)  # a pixel looks to its right
    assert torch.allclose(steep, level.T, atol=1e-6)
    assert moved(torch.ones(1, 3, 5, 5), torch.tensor([30.0]), 6, 2).numpy() == pytest.approx(1)


def test_disks_are_the_published_kernels():
    for radius, smooth in ((0.5, 0.6), (3, 0.1), (10, 0.5)):
        reach, few = (8, 3) if radius <= 8 else (radius, 5)
        side = np.arange(-reach, reach + 1)
        kernel = np.float32(side[:, None] ** 2 + side**2 <= radius**2)
        expected = cv2.GaussianBlur(kernel / kernel.sum(), (few, few), sigmaX=smooth)
        ours = disk(radius, smooth).numpy()
        rim = (len(expected) - len(ours)) // 2
        assert np.abs(expected[rim : rim + len(ours), rim : rim + len(ours)] - ours).max() < 1e-7
        assert expected.sum() == pytest.approx(ours.sum(), abs=1e-5)


@pytest.mark.parametrize(("degrees", "way"), [(0.0, (0, -1)), (90.0, (-1, 0)), (45.0, (-1, -1))])
def test_a_point_is_moved_along_a_line_with_a_gaussians_weights(degrees, way):
    """2·⌈3⌉ + 1 = 7 steps with exp(-k²/2σ²), at σ = 2; at 45° two steps of length 1 make one place, or two."""
    point = torch.zeros(1, 1, 25, 25, dtype=torch.float64)
    point[..., 12, 12] = 1
    made = moved(point, torch.tensor([degrees]), 3, 2.0)[0, 0].numpy()
    weights = np.exp(-(np.arange(7) ** 2) / 8)
    expected = np.zeros((25, 25))
    for k, weight in enumerate(weights / weights.sum()):
        length = np.ceil(k * np.sqrt(0.5) - 0.5) if degrees == 45 else k
        expected[12 + int(way[0] * length), 12 + int(way[1] * length)] += weight
    np.testing.assert_allclose(made, expected, atol=1e-9)


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (2, 3), (5, 9)])
def test_borders_are_mirrored_as_often_as_needed(shape):
    x = torch.rand(1, 2, *shape, generator=torch.Generator().manual_seed(0))
    for reach in (1, 4, 11):
        expected = np.pad(x[0].numpy(), ((0, 0), (reach, reach), (reach, reach)), mode="reflect")
        assert np.array_equal(_mirrored(x, reach)[0].numpy(), expected)
