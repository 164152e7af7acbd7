"""Noise by its moments."""

import numpy as np
import pytest
import torch
from scipy import stats

from clearsight.corruptions import corrupted
from clearsight.corruptions.noise import shot_noise
from clearsight.corruptions.rng import Draws


def test_noise_has_the_published_mean_and_spread():
    """A grey of one half, 150,528 values: the standard error of the mean is the spread by 388."""
    grey, indices = torch.full((1, 3, 224, 224), 128, dtype=torch.uint8), torch.tensor([0])
    half = 128 / 255
    for name, spread in (
        ("gaussian_noise", 0.08),
        ("speckle_noise", half * 0.15),
        ("shot_noise", (half / 60) ** 0.5),
    ):
        values = (corrupted(grey, indices, name, 1).double() + 0.5) / 255  # what was cut to whole levels lost half a level
        assert float(values.mean()) == pytest.approx(half, abs=5 * spread / 388 + 0.001)
        assert float(values.std()) == pytest.approx(spread, rel=0.02)
    values = corrupted(grey, indices, "impulse_noise", 5)
    for level in (0, 255):
        assert float((values == level).double().mean()) == pytest.approx(0.135, abs=5 * (0.135 * 0.865) ** 0.5 / 388)
    assert set(values.unique().tolist()) == {0, 128, 255}


@pytest.mark.parametrize("photons", [3, 60, 500])
def test_shot_noise_is_poissons(photons):
    """By the counts' shares and their exact probabilities: chi-square over those expected ten times and more, below its 99.99 % point."""
    for level in (0, 1, 128, 255):
        x = torch.full((1, 1, 300, 300), level / 255)
        counts = (shot_noise(x, Draws(torch.tensor([level]), "shot_noise", 1), photons) * photons).round().long().flatten()
        expected = 90_000 * stats.poisson.pmf(np.arange(int(counts.max()) + 2), level / 255 * photons)
        seen = np.bincount(counts, minlength=len(expected))
        often = expected >= 10
        square = ((seen - expected)[often] ** 2 / expected[often]).sum()
        assert square <= stats.chi2.ppf(0.9999, often.sum()), (level, square)
