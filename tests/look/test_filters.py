"""Filters whose answers are known beforehand."""

import math

import pytest
import torch

from clearsight import models
from clearsight.look.filters import described, kernels


def gabor(angle: float, frequency: float, size: int = 11) -> torch.Tensor:
    y, x = torch.meshgrid(*[torch.arange(size, dtype=torch.float64) - size // 2] * 2, indexing="ij")
    window = torch.exp(-(x**2 + y**2) / (2 * (0.25 * size) ** 2))
    return window * torch.cos(2 * math.pi * frequency * (math.cos(angle) * x + math.sin(angle) * y))


@pytest.mark.parametrize("degrees", [0, 45, 90, 120])
def test_a_gabor_is_recognised(degrees: int) -> None:
    kernel = gabor(math.radians(degrees), 0.2).expand(1, 3, -1, -1)
    row = described(kernel)[0]
    assert min(abs(row.orientation - degrees), 180 - abs(row.orientation - degrees)) < 5
    assert row.frequency == pytest.approx(0.2, abs=0.02) and row.gabor > 0.98


def test_noise_dead_filters_and_twins() -> None:
    weights = torch.randn(4, 3, 7, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    weights[1] *= 1e-6
    weights[3] = -2 * weights[0]
    rows = described(weights)
    assert [row.dead for row in rows] == [False, True, False, False]
    assert (rows[0].twin, rows[3].twin) == (3, 0) and rows[0].similarity == pytest.approx(1) and rows[2].similarity < 0.5
    assert all(row.gabor < 0.8 for row in rows)


def test_banks_designed_by_hand_and_maps_that_are_no_convolution_have_filters():
    shapes = {"gabor": (32, 1, 23, 23), "dog": (4, 1, 25, 25), "lecun1989": (12, 1, 5, 5), "neocognitron": (24, 1, 5, 5)}
    for name, shape in shapes.items():
        _, weights = kernels(models.build(name, 10, channels=1, height=28, width=28))
        assert tuple(weights.shape) == shape, name
    _, dog = kernels(models.build("dog", 10, channels=1, height=28, width=28))
    assert float(dog.sum((1, 2, 3)).abs().max()) < 1e-3, "uniform brightness has no response"
    assert bool((dog[:, 0, 12, 12] > 0).all() and (dog.flatten(1).amin(1) < 0).all()), "centre on, surround off"
