"""AugMix: a mean of chains of changes."""

import numpy as np
import pytest
import torch

from clearsight.augment.pipeline import apply, parse
from clearsight.augment.policies import augmix, search_space
from clearsight.augment.registry import AUGMENTATIONS

from ..random_pictures import INDICES, PICTURES, SIZE


def test_augmix_is_a_weighted_mean():
    made = apply(parse("augmix"), PICTURES, INDICES, 0, 0, SIZE)
    assert made.dtype == torch.float32 and float(made.min()) >= 0 and float(made.max()) <= 1 + 1e-6
    draws = torch.rand(64, augmix.DRAWS, generator=torch.Generator().manual_seed(0))
    draws[:, augmix.CHAINS] = 1.0  # all of the picture itself
    kept = AUGMENTATIONS["augmix"].change(PICTURES, search_space.plan_policy(draws, (1.0,), (3, *SIZE)), SIZE)
    assert torch.allclose(kept, PICTURES / 255)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_augmix_mixes_chains_of_one_two_and_three_steps(share, monkeypatch):
    """With steps that add one level each, a mean of the picture and of three chains says how long the chains were, and their weights."""
    monkeypatch.setattr(augmix, "apply_one_each", lambda rows, listed, pictures, *_: pictures + 1)
    pictures = PICTURES.clamp(max=250)
    draws = torch.rand(64, augmix.DRAWS, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    draws[:, augmix.CHAINS + 1] = share  # which chain has which length
    made = AUGMENTATIONS["augmix"].change(pictures, search_space.plan_policy(draws, (1.0,), (3, *SIZE)), SIZE)
    exponential = -np.log(1 - draws[:, :3].numpy())
    weights = exponential / exponential.sum(1, keepdims=True)
    first = int(share * 3) + 1
    steps = np.array([first, first % 3 + 1, (first + 1) % 3 + 1])  # each length once
    expected = (1 - draws[:, 3].numpy()) * (weights @ steps)
    levels = made * 255 - pictures
    np.testing.assert_allclose(levels.flatten(1).mean(1), expected, atol=1e-3)
    assert (levels.flatten(1).std(1) < 1e-3).all()


def test_every_step_has_draws_of_its_own(monkeypatch):
    taken = []
    monkeypatch.setattr(augmix, "apply_one_each", lambda rows, space, x, choice, own, strength: taken.append((choice, own)) or x)
    draws = torch.arange(augmix.DRAWS + 1).float().expand(4, -1) / augmix.DRAWS  # the last is the strength
    AUGMENTATIONS["augmix"].change(PICTURES[:4], draws, SIZE)
    places = [round(float(v) * augmix.DRAWS) for choice, own in taken for v in (choice[0], *own[0])]
    assert places == list(range(augmix.CHAINS + 2, augmix.DRAWS))
