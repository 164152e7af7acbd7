"""JPEG and sharpening against Pillow; noise by its moments."""

import io

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance

from clearsight.augment.ops.quality import jpeg, noise, plan_jpeg, plan_noise, plan_sharpen, sharpen

from ..photo import PICTURES, SHAPE, SIZE, as_image, drawn, image


def test_jpeg_is_pillows_of_each_pictures_own_quality():
    plan = plan_jpeg(torch.tensor([[0.0], [0.5], [1 - 2.0**-24]]), (30,), SHAPE)
    assert plan.tolist() == [30, 63, 95]
    for given in (PICTURES[:3], PICTURES[:3, :1]):
        made = jpeg(given, plan, SIZE)
        for before, after, quality in zip(given, made, plan.tolist(), strict=True):
            stream = io.BytesIO()
            Image.fromarray(before.permute(1, 2, 0).numpy().squeeze()).save(stream, "JPEG", quality=quality)
            assert np.array_equal(after.permute(1, 2, 0).numpy().squeeze(), np.asarray(Image.open(stream)))
    floats = jpeg(PICTURES[:3] / 255, plan, SIZE)
    assert torch.equal(floats, jpeg(PICTURES[:3], plan, SIZE))


@pytest.mark.parametrize("draw", [0.1, 0.8])
def test_sharpen_is_pillows(draw):
    made = sharpen(PICTURES[:1], plan_sharpen(drawn(draw), (0.9,), SHAPE), SIZE)
    theirs = np.asarray(ImageEnhance.Sharpness(image()).enhance(1 + 0.9 * (2 * draw - 1))).astype(int)
    assert np.abs(as_image(made).astype(int) - theirs).max() <= 1  # Pillow cuts where we round


def test_noise_is_normal_with_each_pictures_own_strength():
    grey = torch.full((2, 3, 64, 64), 128, dtype=torch.uint8)
    made = noise(grey, plan_noise(torch.tensor([[0.3, 0.5], [0.7, 1.0]]), (0.1,), (3, 64, 64)), (64, 64)).double() - 128
    n = 3 * 64 * 64
    for values, spread in zip(made, (12.75, 25.5), strict=True):
        assert abs(float(values.mean())) < 4 * spread / n**0.5 and abs(float(values.std()) - spread) < 4 * spread / (2 * n) ** 0.5
        assert float((values.abs() > 2 * spread).double().mean()) == pytest.approx(0.0455, abs=0.01)
    assert abs(float(np.corrcoef(made[0].flatten(), made[1].flatten())[0, 1])) < 0.04


def test_each_draw_has_noise_of_its_own():
    draws = torch.stack([torch.linspace(0, 0.999, 4096), torch.ones(4096)], 1)
    assert len(plan_noise(draws, (0.1,), (3, 4, 4))[:, 0].unique()) == 4096


def test_the_strength_of_noise_is_in_units_of_1_and_not_of_256_levels():
    grey = torch.full((1, 3, 640, 640), 128, dtype=torch.uint8)
    made = noise(grey, torch.tensor([[7.0, 0.1]], dtype=torch.float64), (640, 640)).double()
    n = made.numel()  # the standard error of a standard deviation is 0.064 % of it; 256 for 255 would be 0.39 % more
    assert float(made.std()) == pytest.approx((25.5**2 + 1 / 12) ** 0.5, rel=4 / (2 * n) ** 0.5)


def test_noise_reaches_both_ends_of_the_levels():
    for level in (0, 255):
        made = noise(torch.full((1, 1, 16, 16), level, dtype=torch.uint8), torch.tensor([[1.0, 0.05]], dtype=torch.float64), (16, 16))
        assert (made == level).any() and (made != level).any()
