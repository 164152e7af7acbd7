"""Elastic distortion against its definition."""

import cv2
import numpy as np
import torch
from PIL import Image
from scipy import ndimage
from skimage import data, filters

from clearsight.corruptions.digital import _smooth, elastic_transform
from clearsight.corruptions.rng import Draws


def astronaut(side: int, channels: int = 3) -> torch.Tensor:
    """A photograph as uint8 `(C, side, side)`."""
    image = Image.fromarray(data.astronaut()).resize((side, side), Image.Resampling.LANCZOS)
    levels = np.asarray(image.convert("L") if channels == 1 else image)
    return torch.from_numpy(levels.copy()).reshape(side, side, channels).permute(2, 0, 1).contiguous()


def _array(picture: torch.Tensor) -> np.ndarray:
    return picture.permute(1, 2, 0).numpy()


def test_elastic_without_a_field_is_an_affine_map():
    x = astronaut(64)[None].float() / 255
    draws = Draws(torch.tensor([1]), "elastic_transform", 1)
    jitter = Draws(torch.tensor([1]), "elastic_transform", 1).uniform(-0.08 * 64, 0.08 * 64, 3, 2)[0].numpy()
    middle, square = np.float32([32, 32]), 64 // 3
    before = np.float32([middle + square, [32 + square, 32 - square], middle - square])
    matrix = cv2.getAffineTransform(before, before + jitter)
    expected = cv2.warpAffine(_array(x[0]), matrix, (64, 64), borderMode=cv2.BORDER_REFLECT_101)
    ours = _array(elastic_transform(x, draws, 0, 0, 0.08)[0])
    assert np.abs(ours - expected).max() < 0.05 and np.abs(ours - expected).mean() < 0.004  # OpenCV rounds places to 1/32 px


def test_elastic_moves_pixels_by_a_smooth_field():
    x = astronaut(64)[None].float() / 255
    draws = Draws(torch.tensor([1]), "elastic_transform", 5)
    field = Draws(torch.tensor([1]), "elastic_transform", 5)
    field.uniform(-0.0, 0.0, 3, 2)
    down, right = field.uniform(-1, 1, 2, 64, 64)[0].numpy().astype(float)
    down, right = (filters.gaussian(way, 0.03 * 64, mode="reflect", truncate=3) * 0.5 * 64 for way in (down, right))
    rows, columns = np.mgrid[:64, :64]
    expected = [ndimage.map_coordinates(_array(x[0])[..., i], [rows + down, columns + right], order=1, mode="reflect") for i in range(3)]
    ours = elastic_transform(x, draws, 0.5, 0.03, 0.0)[0]
    assert np.abs(ours.numpy() - np.stack(expected)).max() < 1e-3


def test_a_field_is_smoothed_as_by_scipy_for_any_width():
    """Up to a Gaussian several times as wide as the picture, whose border is then mirrored again and again."""
    for n, sigma in ((1, 0.7), (5, 0.4), (9, 2.0), (6, 11.3)):
        expected = ndimage.gaussian_filter1d(np.eye(n), sigma, axis=0, mode="reflect", truncate=3)
        np.testing.assert_allclose(_smooth(n, sigma).numpy(), expected, atol=1e-6)
    assert torch.equal(_smooth(4, 0.0), torch.eye(4))
