"""Novelty: the cosine distance by hand, its limit at the stated rate of false alarms, and which pictures are stored."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from clearsight.base.errors import UsageError
from clearsight.classifier.uncertainty import Novelty
from clearsight.classifier.uncertainty.novelty import sample, stored


def features(seed: int, n: int, d: int = 16, classes: int = 4) -> torch.Tensor:
    """Vectors around a centre for each class, far from the origin."""
    drawn = torch.Generator().manual_seed(seed)
    centres = 3 * torch.randn(classes, d, generator=torch.Generator().manual_seed(99)) + 50
    return centres[torch.randint(classes, (n,), generator=drawn)] + torch.randn(n, d, generator=drawn)


def by_hand(known: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
    """One minus the largest cosine of float64 vectors that are centred at the mean of the known ones."""
    a, b = (F.normalize(x.double() - known.double().mean(0), dim=1) for x in (asked, known))
    return 1 - (a @ b.T).amax(1)


def test_it_is_the_cosine_distance_to_the_nearest_and_no_chunk_changes_it(monkeypatch):
    known, asked = features(0, 60), features(1, 33)
    found = stored("fc", known)
    torch.testing.assert_close(found.of(asked).double(), by_hand(known, asked), atol=2e-3, rtol=0)
    assert found.of(known).max() < 1e-3, "a training picture's own"
    assert found.of(asked).min() >= 0 and found.of(2 * known.mean(0) - known).max() <= 2
    monkeypatch.setattr("clearsight.classifier.uncertainty.novelty.CHUNK", 200)
    assert torch.allclose(found.of(asked), stored("fc", known).of(asked), atol=1e-6)


def test_a_picture_is_not_scored_by_its_own_group():
    known = features(2, 40)
    groups = torch.arange(40) // 2
    found = stored("fc", known).without_own(known, groups, groups)
    for i in range(0, 40, 7):
        others = F.normalize(known[groups != groups[i]] - known.mean(0), dim=1)
        expected = 1 - (others @ F.normalize(known[i] - known.mean(0), dim=0)).max()
        assert float(found[i]) == pytest.approx(float(expected), abs=2e-3)
    assert (found > stored("fc", known).of(known)).all()


def test_a_group_that_has_every_vector_gives_no_score():
    known = features(2, 4)
    assert len(stored("fc", known).without_own(known, torch.zeros(4), torch.zeros(4))) == 0


def scored(seed: int, n: int) -> Novelty:
    """As a run with fixed features stores it: every picture scored by the others."""
    known, groups = features(seed, n), torch.arange(n)
    found = stored("fc", known)
    return replace(found, scores=found.without_own(known, groups, groups).numpy(), source="cross-validation")


@pytest.mark.parametrize("rate", [0.05, 0.2])
def test_known_pictures_are_refused_at_the_stated_rate(rate):
    refused = [
        float((found.of(features(10_000 + seed, 400)) > found.limit(rate)).float().mean())
        for seed in range(40)
        if (found := scored(seed, 80))
    ]
    error = np.std(refused) / np.sqrt(len(refused))
    assert abs(np.mean(refused) - rate) < 0.012 + 3 * error, "leaving one out costs one neighbour of 80"


def test_strangers_are_found_and_too_few_scores_are_refused():
    found = scored(0, 80)
    strangers = 3 * torch.randn(200, 16, generator=torch.Generator().manual_seed(7)) + 50
    assert float((found.of(strangers) > found.limit(0.05)).float().mean()) > 0.5
    few = replace(found, scores=found.scores[:18])
    with pytest.raises(UsageError, match=r"5 % false alarms need 19 .* has 18"):
        few.limit(0.05)
    with pytest.raises(UsageError, match="knows no limit"):
        replace(found, scores=found.scores[:0]).limit(0.05)


def test_of_few_pictures_all_are_stored_and_of_many_each_class_in_turn():
    labels = torch.tensor([0] * 3000 + [1] * 500 + [2] * 7)
    assert sample(labels[:100], 512, 0).tolist() == list(range(100))
    chosen = sample(labels, 512, 0)
    assert len(chosen) == 2048 == len(chosen.unique()) and labels[chosen].bincount().tolist() == [1541, 500, 7]
    assert torch.equal(chosen, sample(labels, 512, 0)) and not torch.equal(chosen, sample(labels, 512, 1))
    assert len(sample(labels, 2**16, 0)) == 64, "at most 4 million numbers"
