"""Schedules against torch's own."""

import pytest
import torch

from clearsight.training.optim.schedule import factor


def test_onecycle_is_torchs():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    # torch puts the peak at pct_start·steps − 1; with its own counting the two curves are the same function
    steps, warmup = 100, 0.3
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=steps + 1, pct_start=31 / 101, cycle_momentum=False)
    for step in range(steps):
        assert factor("onecycle", step / steps, warmup) == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-6)
        optimizer.step()
        scheduler.step()


def test_cosine_is_torchs():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 50)
    for step in range(50):
        assert factor("cosine", step / 50, 0.0) == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-9)
        optimizer.step()
        scheduler.step()


def test_triangle_and_warmup():
    assert factor("triangle", 0.1, 0.2) == pytest.approx(0.5)
    assert factor("triangle", 0.2, 0.2) == 1.0
    assert factor("triangle", 0.6, 0.2) == pytest.approx(0.5)
    assert factor("constant", 0.9, 0.0) == 1.0


def test_a_plateau_divides_by_ten():
    assert [factor("plateau", 0.9, 0.0, drops) for drops in range(3)] == pytest.approx([1, 0.1, 0.01])
