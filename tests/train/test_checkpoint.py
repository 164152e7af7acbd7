"""A checkpoint gives back what was saved, bit for bit. (What is damaged or lies: tests/rubbish.)"""

import pytest
import torch

from clearsight.train import checkpoint


@pytest.fixture
def state():
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 3)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(2, 4)).sum().backward()
    optimizer.step()
    return checkpoint.State(model, optimizer, counters=checkpoint.Counters(epoch=2, step=7, loss=0.1, rows=[{"epoch": 1, "lr": 1e-3}]))


def test_round_trip_is_exact(state, tmp_path):
    checkpoint.save(state, tmp_path)
    model = torch.nn.Linear(4, 3)
    fresh = checkpoint.State(model, torch.optim.AdamW(model.parameters()))
    assert checkpoint.restore(fresh, tmp_path) == []
    assert fresh.counters == state.counters
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), state.model.parameters(), strict=True))
    ours, theirs = fresh.optimizer.state_dict()["state"], state.optimizer.state_dict()["state"]
    assert all(torch.equal(torch.as_tensor(ours[i][name]), torch.as_tensor(theirs[i][name])) for i in theirs for name in theirs[i])
