"""Key points of pictures whose blobs are known."""

import math

import pytest
import torch
from skimage import data

from clearsight.look.handmade.key_points import FIRST, key_points


def blob(sigma: float, row: int = 30, column: int = 20, side: int = 64) -> torch.Tensor:
    y, x = torch.meshgrid(torch.arange(side) - row, torch.arange(side) - column, indexing="ij")
    return torch.exp(-(x**2 + y**2) / (2 * sigma**2))


@pytest.mark.parametrize("step", [3, 5])
def test_a_gaussian_blob_is_found_with_its_place_and_size(step) -> None:
    """The difference of Gaussians of σ and kσ at a blob of s is s²/(s² + k²σ²) − s²/(s² + σ²): extreme at σ·√k = s."""
    ratio = 2 ** (1 / 3)
    sigma, s = FIRST * ratio**step, FIRST * ratio**step * math.sqrt(ratio)
    found = key_points(blob(s))
    assert (found[0].row, found[0].column) == (30, 20) and found[0].sigma == pytest.approx(s)
    expected = s**2 / (s**2 + ratio**2 * sigma**2) - s**2 / (s**2 + sigma**2)
    assert found[0].response == pytest.approx(expected, rel=0.03)  # a light blob on a dark ground: negative


def test_a_dark_blob_is_the_same_with_the_other_sign() -> None:
    light, dark = key_points(blob(3)), key_points(1 - blob(3))
    assert [(p.row, p.column) for p in light] == [(p.row, p.column) for p in dark] and dark[0].response == pytest.approx(-light[0].response)


def test_edges_and_flat_pictures_have_none() -> None:
    edge = torch.zeros(64, 64)
    edge[:, 32:] = 1
    assert key_points(edge) == [] and key_points(torch.full((64, 64), 0.5)) == []


def test_they_are_opencvs() -> None:
    """Most of the strong ones: OpenCV enlarges the picture first and places them between pixels."""
    cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed: nothing to compare with")
    grey = data.camera()[128:384, 128:384]
    mine = key_points(torch.from_numpy(grey.copy()).float() / 255)
    theirs = cv2.SIFT_create().detect(grey, None)
    near = [any(math.hypot(p.row - q.pt[1], p.column - q.pt[0]) < 0.5 * p.sigma + 1.5 for q in theirs) for p in mine[:30]]
    assert len(mine) > 30 and sum(near) >= 24
