"""Geometric and level changes against Pillow and scikit-image, with the same parameters."""

import io
import math

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps
from skimage import data as photographs
from skimage import transform

from clearsight.augment import geometry, tone

PHOTO = photographs.chelsea()[40:136, 60:188]  # 96×128 px
HEIGHT, WIDTH = PHOTO.shape[:2]
SHAPE, SIZE = (3, HEIGHT, WIDTH), (HEIGHT, WIDTH)
PICTURES = torch.from_numpy(PHOTO.copy()).permute(2, 0, 1)[None].repeat(6, 1, 1, 1)


def drawn(*values: float) -> torch.Tensor:
    return torch.tensor([values])


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


def image(row: int = 0) -> Image.Image:
    return Image.fromarray(PICTURES[row].permute(1, 2, 0).numpy())


def as_image(pictures: torch.Tensor) -> np.ndarray:
    return pictures[0].permute(1, 2, 0).numpy()


def test_solarise_and_posterise_are_pillows():
    solarised = tone.tabled(PICTURES[:1], tone.plan_solarise(drawn(0.1, 0.5), (0.5,), SHAPE), SIZE)
    assert np.array_equal(as_image(solarised), np.asarray(ImageOps.solarize(image(), 192)))  # from ¾ of white on
    left = tone.tabled(PICTURES[:1], tone.plan_solarise(drawn(0.6, 0.5), (0.5,), SHAPE), SIZE)
    assert torch.equal(left, PICTURES[:1])
    for draw, bits in ((0.0, 4), (0.35, 5), (0.99, 8)):
        made = tone.tabled(PICTURES[:1], tone.plan_posterise(drawn(draw), (4,), SHAPE), SIZE)
        assert np.array_equal(as_image(made), np.asarray(ImageOps.posterize(image(), bits)))


def test_gamma_and_exposure_by_definition():
    ramp = np.arange(256) / 255
    table = tone.plan_gamma(drawn(0.9), (0.5,), SHAPE)[0].numpy()
    assert np.abs(table - 255 * ramp ** (1.5**0.8)).max() <= 0.501
    brighter = tone.plan_exposure(drawn(1.0), (1.0,), SHAPE)[0].numpy()
    # a level of 128 is 21.586 % of white's light; twice that is level 176 (IEC 61966-2-1)
    assert brighter[128] == 176 and brighter[0] == 0 and brighter[255] == 255
    assert np.array_equal(tone.plan_exposure(drawn(0.5), (1.0,), SHAPE)[0].numpy(), np.arange(256))


def test_equalise_is_pillows():
    mixed = torch.cat([PICTURES[:1], PICTURES[:1] // 3, torch.full_like(PICTURES[:1], 9)])
    made = tone.equalise(mixed, torch.ones(3, 1, 1, 1, dtype=torch.bool), SIZE)
    for before, after in zip(mixed, made, strict=True):
        theirs = ImageOps.equalize(Image.fromarray(before.permute(1, 2, 0).numpy()))
        assert np.array_equal(after.permute(1, 2, 0).numpy(), np.asarray(theirs))
    assert torch.equal(tone.equalise(mixed, torch.zeros(3, 1, 1, 1, dtype=torch.bool), SIZE), mixed)


def test_autocontrast_and_invert_are_pillows():
    mixed = torch.cat([PICTURES[:1], PICTURES[:1] // 3 + 40, torch.full_like(PICTURES[:1], 9)])
    for change, theirs in ((tone.autocontrast, ImageOps.autocontrast), (tone.invert, ImageOps.invert)):
        made = change(mixed, torch.ones(3, 1, 1, 1, dtype=torch.bool), SIZE)
        for before, after in zip(mixed, made, strict=True):
            expected = theirs(Image.fromarray(before.permute(1, 2, 0).numpy()))
            assert np.array_equal(after.permute(1, 2, 0).numpy(), np.asarray(expected))
        assert torch.equal(change(mixed, torch.zeros(3, 1, 1, 1, dtype=torch.bool), SIZE), mixed)


def test_autocontrast_is_pillows_for_every_range_of_levels():
    pairs = torch.tensor([(low, high) for low in range(0, 256, 5) for high in range(low, 256, 3)])
    pictures = torch.stack([pairs[:, 0], pairs[:, 1], pairs.sum(1) // 2], 1).to(torch.uint8)[:, None, None]  # (N, 1, 1, 3)
    made = tone.autocontrast(pictures, torch.ones(len(pairs), 1, 1, 1, dtype=torch.bool), (1, 3))
    theirs = [np.asarray(ImageOps.autocontrast(Image.fromarray(picture[0].numpy()))) for picture in pictures]
    assert np.array_equal(made[:, 0].numpy(), np.stack(theirs))


def test_jpeg_is_pillows_of_each_pictures_own_quality():
    plan = tone.plan_jpeg(torch.tensor([[0.0], [0.5], [1 - 2.0**-24]]), (30,), SHAPE)
    assert plan.tolist() == [30, 63, 95]
    for given in (PICTURES[:3], PICTURES[:3, :1]):
        made = tone.jpeg(given, plan, SIZE)
        for before, after, quality in zip(given, made, plan.tolist(), strict=True):
            stream = io.BytesIO()
            Image.fromarray(before.permute(1, 2, 0).numpy().squeeze()).save(stream, "JPEG", quality=quality)
            assert np.array_equal(after.permute(1, 2, 0).numpy().squeeze(), np.asarray(Image.open(stream)))
    floats = tone.jpeg(PICTURES[:3] / 255, plan, SIZE)
    assert torch.equal(floats, tone.jpeg(PICTURES[:3], plan, SIZE))


@pytest.mark.parametrize("draw", [0.1, 0.8])
def test_sharpen_is_pillows(draw):
    made = tone.sharpen(PICTURES[:1], tone.plan_sharpen(drawn(draw), (0.9,), SHAPE), SIZE)
    theirs = np.asarray(ImageEnhance.Sharpness(image()).enhance(1 + 0.9 * (2 * draw - 1))).astype(int)
    assert np.abs(as_image(made).astype(int) - theirs).max() <= 1  # Pillow cuts where we round


def test_noise_is_normal_with_each_pictures_own_strength():
    grey = torch.full((2, 3, 64, 64), 128, dtype=torch.uint8)
    made = tone.noise(grey, tone.plan_noise(torch.tensor([[0.3, 0.5], [0.7, 1.0]]), (0.1,), (3, 64, 64)), (64, 64)).double() - 128
    n = 3 * 64 * 64
    for values, spread in zip(made, (12.75, 25.5), strict=True):
        assert abs(float(values.mean())) < 4 * spread / n**0.5 and abs(float(values.std()) - spread) < 4 * spread / (2 * n) ** 0.5
        assert float((values.abs() > 2 * spread).double().mean()) == pytest.approx(0.0455, abs=0.01)
    assert abs(float(np.corrcoef(made[0].flatten(), made[1].flatten())[0, 1])) < 0.04


def test_erased_boxes_are_the_same_however_they_are_filled(monkeypatch):
    plan = tone.plan_erase(torch.rand(6, 6, generator=torch.Generator().manual_seed(0)), (0.25,), SHAPE)
    for pictures in (PICTURES, PICTURES / 255):
        expected = pictures.clone()
        for picture, (top, left, bottom, right, level) in zip(expected, plan.tolist(), strict=True):
            picture[:, top:bottom, left:right] = level if pictures.dtype == torch.uint8 else level / 255
        assert torch.equal(tone.erase(pictures, plan, SIZE), expected) and not torch.equal(pictures, expected)
        assert torch.equal(tone.covered(pictures, plan), expected), "as other processors compute it"


def test_erased_boxes():
    draws = torch.rand(4000, 6, generator=torch.Generator().manual_seed(0))
    plan = tone.plan_erase(draws, (0.25,), (1, 32, 32))
    made = tone.erase(torch.full((4000, 1, 32, 32), 7, dtype=torch.uint8), plan, (32, 32))
    covered = (made != 7).flatten(1).sum(1)
    share = (covered > 0).double().mean()
    assert 0.4 < float(share) < 0.52 and int(covered.max()) <= 0.3 * 32 * 32
    for picture, (top, left, bottom, right, level) in zip(made[:50, 0], plan[:50].tolist(), strict=True):
        assert bool((picture[top:bottom, left:right] == level).all())
        assert int((picture != 7).sum()) == (bottom - top) * (right - left) * (level != 7)


def test_a_box_that_is_erased_by_hand():
    """Of 40×40 px a quarter at most, half of that here: √200 = 14 px a side, at 0.25 and 0.75 of 27 places; then 3:1; then none."""
    draws = torch.tensor([[0.5, 0.5, 0.25, 0.75, 0.0, 0.5], [0.5, 1.0, 0.25, 0.75, 0.0, 0.5], [0.5, 0.5, 0.25, 0.75, 0.6, 0.5]])
    found = tone.plan_erase(draws, (0.25,), (3, 40, 40)).tolist()
    assert found == [[6, 20, 20, 34, 128], [4, 24, 28, 32, 128], [6, 20, 6, 20, 128]]
