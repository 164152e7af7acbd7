"""Batch norm over several processes: in one it is torch's own; in several, see tests/faults/test_ranks.py."""

from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from clearsight.training.compute import sync_norm
from clearsight.training.compute.sync_norm import Synchronised, normalised


def alone(values: torch.Tensor) -> torch.Tensor:
    return values


@pytest.mark.parametrize("shape", [(6, 3), (5, 3, 4, 2)])
@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("shifted", [True, False])
def test_alone_it_is_batch_norm(shape, scaled, shifted):
    torch.manual_seed(0)
    inputs, slopes = torch.randn(shape) * 3 + 5, torch.randn(shape)
    weight, bias = torch.rand(3) + 0.5 if scaled else None, torch.randn(3) if shifted else None
    found = []
    for compute, more in ((F.batch_norm, {}), (normalised, {"total": alone})):
        x, mean, var = inputs.clone().requires_grad_(), torch.zeros(3), torch.ones(3)
        out = compute(x, mean, var, weight, bias, True, 0.2, 1e-3, **more)
        (out * slopes).sum().backward()
        found.append((out.detach(), x.grad, mean, var))
    for ours, theirs in zip(found[1], found[0], strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_parts_of_unequal_size_are_one_batch():
    """What two processes exchange, played in one: their sums are those of the whole batch."""
    torch.manual_seed(0)
    whole = torch.randn(7, 3, 4, 4)
    parts = whole[:5], whole[5:]
    mean, n = whole.mean((0, 2, 3)), torch.tensor([7.0 * 16])
    squares = (whole - mean.view(1, -1, 1, 1)).square().sum((0, 2, 3))
    for part, among in zip(parts, F.batch_norm(whole, None, None, training=True).split([5, 2]), strict=True):
        sums = iter([torch.cat([mean * n, n]), squares])
        found = normalised(part, None, None, training=True, total=lambda _, sums=sums: next(sums))
        torch.testing.assert_close(found, among, rtol=1e-4, atol=1e-5)


def test_inside_every_batch_norm_in_training_is_replaced(monkeypatch):
    seen = []
    monkeypatch.setattr(
        "clearsight.training.compute.sync_norm.normalised", lambda *words, **more: seen.append(more["training"]) or words[0]
    )
    with Synchronised():
        nn.Sequential(nn.BatchNorm2d(2), nn.ReLU(), nn.BatchNorm2d(2))(torch.rand(3, 2, 2, 2))
    nn.BatchNorm2d(2)(torch.rand(3, 2, 2, 2))
    assert seen == [True, True]


def test_the_sum_over_processes_adds_gradients_too(monkeypatch):
    monkeypatch.setattr(sync_norm, "dist", SimpleNamespace(all_reduce=lambda values: values.mul_(3)))  # three with the same
    values = torch.tensor([1.0, 2.0], requires_grad=True)
    total = sync_norm._Sum.apply(values)
    (total * torch.tensor([1.0, 10.0])).sum().backward()
    assert total.tolist() == [3.0, 6.0] and values.grad.tolist() == [3.0, 30.0] and values.tolist() == [1.0, 2.0]
