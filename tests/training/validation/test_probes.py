"""Probes of features: the vote of the neighbours, clusters."""

import math

import pytest
import torch

from clearsight.training.validation.probes import NEIGHBOURS, TEMPERATURE, clusters, neighbours


def test_a_vote_counts_the_cosine():
    known = torch.tensor([[2.0, 0.0], [0.0, 0.1], [-1.0, 0.0]])
    votes = neighbours(known, torch.tensor([0, 1, 1]), torch.tensor([[3.0, 4.0]]), 3)
    assert votes.shape == (1, 3)
    assert float(votes[0, 0]) == pytest.approx(math.exp(0.6 / TEMPERATURE), rel=1e-5)
    assert float(votes[0, 1]) == pytest.approx(math.exp(0.8 / TEMPERATURE) + math.exp(-0.6 / TEMPERATURE), rel=1e-5)
    assert float(votes[0, 2]) == 0


def test_only_the_nearest_vote():
    near = torch.tensor([[1.0, 0.01]]).repeat(NEIGHBOURS, 1)
    far = torch.tensor([[0.0, 1.0]]).repeat(500, 1)
    votes = neighbours(torch.cat([far, near]), torch.tensor([1] * 500 + [0] * NEIGHBOURS), torch.tensor([[1.0, 0.0]]), 2)
    assert float(votes[0, 0]) > 0 and float(votes[0, 1]) == 0


def test_a_batch_votes_as_each_alone():
    draw = torch.Generator().manual_seed(0)
    known, asked = torch.randn(300, 8, generator=draw), torch.randn(600, 8, generator=draw)
    labels = torch.arange(300) % 4
    alone = torch.cat([neighbours(known, labels, asked[i : i + 1], 4) for i in (0, 255, 256, 599)])
    torch.testing.assert_close(neighbours(known, labels, asked, 4)[[0, 255, 256, 599]], alone, rtol=1e-4, atol=1e-3)


def test_clusters_are_directions():
    draw = torch.Generator().manual_seed(1)
    centres = torch.eye(3, 5).repeat_interleave(40, 0)
    known = (centres + 0.05 * torch.randn(120, 5, generator=draw)) * (0.1 + 10 * torch.rand(120, 1, generator=draw))
    found, asked = clusters(known, 7 * torch.eye(3, 5), 3, seed=0)
    assert all(len(set(part.tolist())) == 1 for part in found.split(40))
    assert len(set(found.tolist())) == 3
    assert asked.tolist() == found[[0, 40, 80]].tolist()
