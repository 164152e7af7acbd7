"""Colour jitter against Pillow, and by its definition."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance

from clearsight.augment.ops.jitter import LUMA, jitter, plan_jitter

from ..photo import LARGE as PHOTO

DRAWS = torch.rand(8, 4, generator=torch.Generator().manual_seed(3))


def one_jitter(brightness=0.5, contrast=0.5, saturation=0.5, hue=0.5, strengths=(0.4, 0.4, 0.4, 0.1)):
    """PHOTO changed as by these draws, 0 to 255."""
    draws = torch.tensor([[brightness, contrast, saturation, hue]])
    return jitter(PHOTO[:1], plan_jitter(draws, strengths, (3, 300, 300)), (300, 300))[0].permute(1, 2, 0).numpy() * 255


@pytest.mark.parametrize(("name", "enhance"), [("brightness", "Brightness"), ("contrast", "Contrast"), ("saturation", "Color")])
@pytest.mark.parametrize("draw", [0.0, 0.3, 0.8])
def test_jitter_is_pillows_enhancement(name, enhance, draw):
    picture = Image.fromarray(PHOTO[0].permute(1, 2, 0).numpy())
    pillows = np.asarray(getattr(ImageEnhance, enhance)(picture).enhance(1 + 0.4 * (2 * draw - 1))).astype(float)
    assert np.abs(one_jitter(**{name: draw}) - pillows).max() <= 2  # Pillow cuts off fractions, of the mean as well


def test_hue_turns_red_into_green_keeps_luma_and_leaves_grey():
    third = torch.tensor([[0.5, 0.5, 0.5, 1.0]])
    red = torch.tensor([0.6, 0.4, 0.4]).view(1, 3, 1, 1)
    turned = jitter(red, plan_jitter(third, (0.0, 0.0, 0.0, 1 / 3), (3, 1, 1)), (1, 1)).flatten()
    assert abs(float(turned @ torch.tensor(LUMA) - red.flatten() @ torch.tensor(LUMA))) < 1e-6
    assert turned.argmax() == 1 and abs(float(turned[0] - turned[2])) < 1e-6
    assert abs(float(turned[1] - turned[0]) - 0.2) < 1e-6
    grey = torch.full((1, 3, 2, 2), 0.3)
    assert (jitter(grey, plan_jitter(third, (0.0, 0.0, 0.9, 1 / 3), (3, 2, 2)), (2, 2)) - 0.3).abs().max() < 1e-6


def test_jitter_in_one_go_is_one_change_after_the_other_and_grey_knows_two():
    draws, strengths = DRAWS[:1], (0.1, 0.2, 0.3, 0.05)
    picture = torch.rand(1, 3, 9, 7, generator=torch.Generator().manual_seed(1)) * 0.3 + 0.3  # nothing is clamped
    step = picture
    for k in range(4):
        alone = tuple(strength if k == j else 0.0 for j, strength in enumerate(strengths))
        step = jitter(step, plan_jitter(draws, alone, (3, 9, 7)), (9, 7))
    whole = jitter(picture, plan_jitter(draws, strengths, (3, 9, 7)), (9, 7))
    assert (whole - step).abs().max() < 1e-6
    grey = picture[:, :1]
    as_colour = jitter(grey.expand(1, 3, 9, 7), plan_jitter(draws, strengths, (3, 9, 7)), (9, 7))
    assert (jitter(grey, plan_jitter(draws, strengths, (1, 9, 7)), (9, 7)) - as_colour[:, :1]).abs().max() < 1e-6
