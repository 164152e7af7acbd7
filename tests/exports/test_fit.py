"""The preprocessing as matrices equals `Preprocessing.fit_picture`, which torch's kernel computes, for random sizes and settings."""

import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from clearsight.exports.fit import Fit, _quotient
from clearsight.images.preprocess import Preprocessing

SIDES = (8, 28, 32, 57, 64, 96)


def drawn(draw: random.Random) -> tuple[Preprocessing, int, int]:
    """A preprocessing, and the height and width of a picture up to eight times larger or smaller, some of them strips."""
    fit, interpolation = draw.choice(("crop", "pad", "stretch")), draw.choice(("bilinear", "bicubic", "nearest"))
    antialias = interpolation == "bicubic" or draw.random() < 0.8
    height = draw.choice(SIDES)
    width = height if draw.random() < 0.6 else draw.randint(5, 120)
    share = draw.choice((1.0, 0.875, 0.9, 0.95, 0.5, round(draw.uniform(0.1, 1), 3))) if fit == "crop" else 1.0
    channels = draw.choice((1, 3, 3, 4))
    sides = [max(1, int(side * 2 ** draw.uniform(-3, 3))) for side in (height, width)]
    if draw.random() < 0.1:
        sides[1] = min(1500, 7 * sides[1])
    mean = [0.1 * (1 + band) for band in range(channels)]
    made = Preprocessing(channels, height, width, fit, interpolation, antialias, mean, (), share)
    return made, *sides


def picture(seed: int, height: int, width: int, channels: int) -> np.ndarray:
    generator = torch.Generator().manual_seed(seed)
    if seed % 2:
        return torch.randint(0, 256, (height, width, channels), dtype=torch.uint8, generator=generator).numpy()
    shades = F.interpolate(255 * torch.rand(1, channels, 3, 3, generator=generator), (height, width), mode="bilinear")
    return shades[0].permute(1, 2, 0).to(torch.uint8).contiguous().numpy()


def differences(cases: range) -> list[str]:
    """The cases with another value than torch's: none is allowed up to a reduction of 4; beyond it one level, in 0.2 % of all values."""
    found, off_by_one, beyond = [], 0, 0
    for seed in cases:
        preprocessing, height, width = drawn(random.Random(seed))
        given = picture(seed, height, width, preprocessing.channels)
        off = (preprocessing.fit_picture(given).float() - Fit(preprocessing)(torch.from_numpy(given)[None])[0]).abs()
        reduction = max(height / preprocessing.height, width / preprocessing.width)
        if off.max() > (reduction > 4):
            found.append(f"{seed}: {preprocessing} {height}×{width}: {int((off > 0).sum())} values by up to {off.max():.0f}")
        if reduction > 4:
            off_by_one, beyond = off_by_one + int((off > 0).sum()), beyond + off.numel()
    return found if off_by_one <= 0.002 * beyond else [*found, f"{off_by_one} of {beyond} values beyond a reduction of 4"]


def test_random_cases_are_equal():
    assert differences(range(60)) == []


@pytest.mark.slow
def test_two_thousand_random_cases_are_equal():
    assert differences(range(2000)) == []


def test_a_picture_of_half_the_size_is_the_mean_of_neighbours():
    """By hand: bilinear to half the size weighs 1/8, 3/8, 3/8, 1/8; at the border 3/7, 3/7, 1/7."""
    row = np.array([0, 80, 160, 240, 40, 8], np.uint8)
    fitted = Fit(Preprocessing(1, 1, 3, "stretch", "bilinear"))(torch.from_numpy(row)[None, None, :, None])
    by_hand = ((3 * 0 + 3 * 80 + 160) / 7, (80 + 3 * 160 + 3 * 240 + 40) / 8, (240 + 3 * 40 + 3 * 8) / 7)
    assert fitted.flatten().tolist() == [round(level) for level in by_hand]


def test_quotients_are_decided_by_products():
    above = torch.arange(0, 5000)
    for below in (1, 3, 7, 224):
        assert torch.equal(_quotient(above, torch.tensor(below)), above // below)
