"""Every flipped bit and every cut of a checkpoint is noticed."""

import random

import pytest
import torch

from clearsight.base.errors import CorruptFile
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


def test_flips_and_cuts_are_noticed(state, tmp_path):
    path = checkpoint.save(state, tmp_path)
    whole = path.read_bytes()
    draw = random.Random(0)
    for _ in range(200):
        data = bytearray(whole)
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        path.write_bytes(data)
        with pytest.raises(CorruptFile):
            checkpoint.read(path)
    for length in (0, 1, 31, 32, 33, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(CorruptFile):
            checkpoint.read(path)
