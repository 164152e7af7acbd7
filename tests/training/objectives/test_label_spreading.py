"""Answers that are spread over neighbours: the limit that the paper solves for, and what a few labels gain by it."""

import numpy as np
import torch
from sklearn.datasets import make_moons
from sklearn.metrics import accuracy_score

from clearsight.training.objectives.label_spreading import ALPHA, TEMPERATURE, aligned, spread


def test_the_limit_is_the_papers():
    """Zhou et al., equation 2 of section 2: F* = (1 - α)·(I - αS)⁻¹·Y, with S built picture by picture."""
    made = torch.Generator().manual_seed(0)
    features, answers = torch.randn(60, 5, generator=made), torch.rand(60, 3, generator=made).softmax(1)
    unit = (features / features.norm(dim=1, keepdim=True)).double()
    w = torch.zeros(60, 60, dtype=torch.float64)
    for i in range(60):
        cosines = unit @ unit[i]
        cosines[i] = -2
        for j in cosines.argsort(descending=True)[:7].tolist():
            w[i, j] = torch.exp((cosines[j] - 1) / TEMPERATURE)
    w = w + w.T
    d = w.sum(1).rsqrt()
    s = d[:, None] * w * d[None]
    limit = torch.linalg.solve(torch.eye(60, dtype=torch.float64) - ALPHA * s, (1 - ALPHA) * answers.double())
    limit = limit / limit.sum(1, keepdim=True)
    # 1e-3: what the passes that are not made would still change; float32
    torch.testing.assert_close(spread(answers, features, 7), limit.float(), rtol=0, atol=1e-3)


def test_two_moons_from_ten_labels_each():
    points, truth = make_moons(600, noise=0.05, random_state=0)
    lifted = torch.from_numpy(np.concatenate([np.cos(points @ w) for w in 3 * np.random.default_rng(0).normal(size=(64, 2, 8))], 1)).float()
    answers = torch.full((600, 2), 0.5)
    for label in (0, 1):
        near = np.flatnonzero(truth == label)[:10]
        answers[near] = torch.eye(2)[label]
    before = answers.clone()
    found = spread(answers, lifted, 8)
    assert torch.equal(answers, before)
    assert accuracy_score(truth, found.argmax(1).numpy()) > 0.85
    torch.testing.assert_close(found.sum(1), torch.ones(600))


def test_fewer_pictures_than_neighbours():
    found = spread(torch.eye(3), torch.eye(3) + 0.1, 10)
    assert found.argmax(1).tolist() == [0, 1, 2]


def test_aligned_answers_have_the_shares_and_keep_their_odds():
    """Rows sum to 1, their mean is what is wanted, and within a class all odds are multiplied alike."""
    answers = torch.randn(500, 4, generator=torch.Generator().manual_seed(0)).mul(2).softmax(1)
    shares = torch.tensor([0.1, 0.2, 0.3, 0.4])
    found = aligned(answers, shares)
    torch.testing.assert_close(found.mean(0), shares, rtol=0, atol=1e-5)
    torch.testing.assert_close(found.sum(1), torch.ones(500))
    odds = (found / found[:, :1]) / (answers / answers[:, :1])
    torch.testing.assert_close(odds, odds[:1].expand_as(odds), rtol=1e-3, atol=1e-6)


def test_a_class_without_a_share_is_no_answer():
    found = aligned(torch.rand(50, 3, generator=torch.Generator().manual_seed(0)).softmax(1), torch.tensor([0.5, 0.0, 0.5]))
    torch.testing.assert_close(found.mean(0), torch.tensor([0.5, 0.0, 0.5]), rtol=0, atol=1e-5)


def test_a_class_that_no_answer_holds_possible_is_no_division_by_nothing():
    assert aligned(torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor([0.5, 0.5])).isfinite().all()
