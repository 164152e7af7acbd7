"""Geometric changes against scikit-image, with the same parameters."""

import math

import numpy as np
import pytest
import torch
from skimage import transform

from clearsight.augment.ops import geometry

from ..photo import HEIGHT, PHOTO, PICTURES, SHAPE, SIZE, WIDTH, drawn


def warped(plan: torch.Tensor) -> np.ndarray:
    return geometry.warp(PICTURES[:1], plan, SIZE)[0].permute(1, 2, 0).numpy().astype(int)


def of_skimage(matrix: np.ndarray) -> np.ndarray:
    """scikit-image's lookup at matrix @ (x, y, 1) in pixels; `symmetric` mirrors at the outer edge as here."""
    made = transform.warp(PHOTO, matrix, order=1, mode="symmetric", preserve_range=True)
    return np.floor(made + 0.5).astype(int)


def about_the_middle(matrix: np.ndarray) -> np.ndarray:
    to_middle = np.array([[1, 0, (WIDTH - 1) / 2], [0, 1, (HEIGHT - 1) / 2], [0, 0, 1]])
    return to_middle @ matrix @ np.linalg.inv(to_middle)


# one level apart, where a value is all but half between two
def equal(ours: np.ndarray, theirs: np.ndarray) -> None:
    assert np.abs(ours - theirs).max() <= 1 and (ours != theirs).mean() < 0.01
    assert np.abs(ours - PHOTO.astype(int)).mean() > 1, "and something was changed"


@pytest.mark.parametrize("draw", [0.0, 0.2, 0.95])
def test_rotation_is_scikit_images(draw):
    angle = math.radians(30 * (2 * draw - 1))
    matrix = np.array([[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0], [0, 0, 1]])
    equal(warped(geometry.plan_rotate(drawn(draw), (30,), SHAPE)), of_skimage(about_the_middle(matrix)))


@pytest.mark.parametrize("along", [True, False])
def test_shear(along):
    amount = 0.4 * (2 * 0.9 - 1)
    matrix = np.array([[1, amount * along, 0], [amount * (not along), 1, 0], [0, 0, 1]])
    equal(warped(geometry.plan_shear(drawn(0.9, 0.1 if along else 0.8), (0.4,), SHAPE)), of_skimage(about_the_middle(matrix)))


def test_translation_in_parts_of_a_pixel():
    across, down = 0.1 * (2 * 0.83 - 1) * WIDTH, 0.1 * (2 * 0.12 - 1) * HEIGHT
    matrix = np.array([[1, 0, -across], [0, 1, -down], [0, 0, 1]])
    equal(warped(geometry.plan_translate(drawn(0.83, 0.12), (0.1,), SHAPE)), of_skimage(matrix))
    whole = warped(geometry.plan_translate(drawn(0.75, 0.5), (1 / 16,), SHAPE))  # 4 px to the right
    assert np.array_equal(whole[:, 4:], PHOTO[:, :-4])


@pytest.mark.parametrize("draw", [0.0, 0.3, 1.0])
def test_zoom(draw):
    factor = 1.47 ** (2 * draw - 1)  # not 1.5, at which many values are half between two
    equal(warped(geometry.plan_zoom(drawn(draw), (0.47,), SHAPE)), of_skimage(about_the_middle(np.diag([1 / factor, 1 / factor, 1]))))


def test_what_is_far_away_is_mirrored_again_and_again():
    made = warped(geometry.plan_zoom(drawn(0.0), (4.7,), SHAPE))  # almost six pictures along each side
    equal(made, of_skimage(about_the_middle(np.diag([5.7, 5.7, 1]))))


def test_perspective_is_the_homography_of_its_corners():
    draws = [0.9, 0.1, 0.3, 0.7, 0.0, 0.5, 0.8, 0.8]
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * np.array([WIDTH, HEIGHT]) / 2
    pulled = corners * (1 - 0.4 * np.array(draws).reshape(4, 2))
    found = transform.estimate_transform("projective", corners, pulled)
    equal(warped(geometry.plan_perspective(drawn(*draws), (0.4,), SHAPE)), of_skimage(about_the_middle(found.params)))


def test_nothing_is_done_by_no_strength():
    for plan, draws in (
        (geometry.plan_rotate, 1),
        (geometry.plan_shear, 2),
        (geometry.plan_translate, 2),
        (geometry.plan_zoom, 1),
        (geometry.plan_perspective, 8),
    ):
        assert np.array_equal(warped(plan(torch.full((1, draws), 0.9), (0.0,), SHAPE)), PHOTO), plan.__name__
    assert torch.equal(geometry.elastic(PICTURES, geometry.plan_elastic(torch.rand(6, 50), (0.0,), SHAPE), SIZE), PICTURES)


def test_elastic_shifts_by_its_plan():
    plan = torch.zeros(1, 2, HEIGHT, WIDTH)
    plan[:, 0], plan[:, 1] = 3, -2
    moved = geometry.elastic(PICTURES[:1], plan, SIZE)[0].permute(1, 2, 0).numpy()
    assert np.array_equal(moved[2:, :-3], PHOTO[:-2, 3:])
    smooth = geometry.plan_elastic(torch.rand(1, 50, generator=torch.Generator().manual_seed(0)), (0.1,), SHAPE)
    assert float(smooth.abs().max()) < 1.3 * 0.1 * HEIGHT  # bicubic may swing a little beyond its nodes
    assert float((smooth[..., 1:] - smooth[..., :-1]).abs().max()) < 1.5, "neighbours move alike"


def test_a_draw_of_one_half_shears_columns():
    """Below ½ rows are shifted; ½ itself is drawn as often as any other number."""
    rows, columns = (geometry.plan_shear(drawn(1.0, draw), (0.2,), SHAPE)[0] for draw in (0.49, 0.5))
    assert (float(rows[0, 1]), float(rows[1, 0])) == (pytest.approx(0.2), 0)
    assert (float(columns[0, 1]), float(columns[1, 0])) == (0, pytest.approx(0.2))
