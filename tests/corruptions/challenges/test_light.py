"""Changes of illumination."""

import math

import pytest
import torch

from clearsight.corruptions.challenges import light as light_module
from clearsight.corruptions.rng import Draws


def draws(n: int = 1) -> Draws:
    return Draws(torch.arange(n), "test", 0)


def test_light():
    x = torch.full((8, 1, 5, 5), 0.25)
    found = sorted({round(float(value), 5) for value in light_module.brightness(x, draws(8), 0.2, x).flatten()})
    assert found == [0.05, 0.45]
    assert sorted({round(float(value), 5) for value in light_module.gamma(x, draws(8), 1, x).flatten()}) == [0.0625, 0.5]
    two = torch.tensor([0.2, 0.6]).view(1, 1, 1, 2)
    assert light_module.contrast(two, draws(), 0.5, two).flatten().tolist() == pytest.approx([0.3, 0.5])


def test_light_from_a_side_and_shadow():
    grey = torch.full((4, 1, 32, 32), 0.5)
    lit = light_module.directional(grey, draws(4), 0.6, grey)
    assert lit.mean((1, 2, 3)).tolist() == pytest.approx([0.5] * 4, abs=1e-5)
    assert lit.amax((1, 2, 3)).tolist() == pytest.approx([0.8] * 4) and lit.amin((1, 2, 3)).tolist() == pytest.approx([0.2] * 4)
    shade = light_module.shadow(grey, draws(4), 0.6, grey)
    assert shade.amax((1, 2, 3)).tolist() == pytest.approx([0.5] * 4) and shade.amin((1, 2, 3)).tolist() == pytest.approx([0.2] * 4)
    assert 0.2 < float((shade < 0.21).float().mean()) < 0.8


def test_the_edge_of_a_shadow_is_near_the_centre_and_light_comes_from_every_side():
    white = torch.ones(400, 1, 64, 64)
    shade = light_module.shadow(white, draws(400), 1.0, white)
    lit = (shade > 0.5).float().mean((1, 2, 3))
    assert 0.2 < float(lit.min()) < 0.35 and 0.65 < float(lit.max()) < 0.8
    found = light_module.directional(white, draws(400), 0.5, white)
    across, down = (found[..., -1] - found[..., 0]).mean((1, 2)), (found[:, :, -1] - found[:, :, 0]).mean((1, 2))
    eighths = torch.histc(torch.atan2(down, across), bins=8, min=-math.pi, max=math.pi)
    assert float(eighths.min()) > 25


def test_light_at_angle_0_comes_from_the_right():
    class Fixed:
        def uniform(self, low, high):
            return torch.zeros(1)

    lit = light_module.directional(torch.full((1, 1, 2, 4), 0.5), Fixed(), 0.6, torch.zeros(1))
    assert lit[0, 0, 0].tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8])
