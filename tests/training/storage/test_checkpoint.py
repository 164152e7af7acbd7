"""A checkpoint gives back what was saved, bit for bit. (What is damaged or lies: tests/rubbish.)"""

import pytest
import torch

from clearsight.training.optim.optimizer import make_optimizer
from clearsight.training.storage import checkpoint


@pytest.fixture
def state():
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 3)
    optimizer = make_optimizer(model, name="adamw", lr=1e-3, momentum=0.9, weight_decay=0.01)
    model(torch.ones(2, 4)).sum().backward()
    optimizer.step()
    return checkpoint.State(model, optimizer, counters=checkpoint.Counters(epoch=2, step=7, loss=0.1, rows=[{"epoch": 1, "lr": 1e-3}]))


def test_round_trip_is_exact(state, tmp_path):
    checkpoint.save(state, tmp_path)
    model = torch.nn.Linear(4, 3)
    fresh = checkpoint.State(model, make_optimizer(model, name="adamw", lr=1e-3, momentum=0.9, weight_decay=0.01))
    assert checkpoint.restore(fresh, tmp_path) == []
    assert fresh.counters == state.counters
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), state.model.parameters(), strict=True))
    ours, theirs = ([other.optimizer.state[p] for p in other.optimizer.parameters] for other in (fresh, state))
    assert [sorted(slots) for slots in theirs] == [["exp_avg", "exp_avg_sq", "step"]] * 2
    assert all(torch.equal(a[name], b[name]) for a, b in zip(ours, theirs, strict=True) for name in b)


def test_a_damaged_checkpoint_never_counts_as_one_of_the_two_kept(state, tmp_path):
    def at(epoch: int, step: int):
        state.counters.epoch, state.counters.step = epoch, step
        return checkpoint.save(state, tmp_path)

    for path in (at(1, 0), at(1, 1)):
        path.write_bytes(path.read_bytes()[:-1])
    first = at(0, 3)  # where a run goes on that skipped both
    assert checkpoint.checkpoints(tmp_path) == [first]
    second = at(0, 4)
    assert checkpoint.checkpoints(tmp_path) == [second, first]
    assert checkpoint.restore(state, tmp_path) == []
