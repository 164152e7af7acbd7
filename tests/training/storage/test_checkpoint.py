"""A checkpoint gives back what was saved, bit for bit. (What is damaged or lies: tests/rubbish.)"""

import pytest
import torch

from clearsight.base.errors import ClearsightError
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


def test_counters_add_up_and_begin_again_with_the_epoch(monkeypatch):
    monkeypatch.setattr(checkpoint.time, "perf_counter", lambda: 7.5)
    counters = checkpoint.Counters(epoch=1, step=2, seen=64, correct=10, loss=3.0, seconds=1.0, pictures=100)
    assert counters.add(32, 1.5, 20, 7.0) == 7.5
    assert (counters.step, counters.seen, counters.correct, counters.loss) == (3, 96, 30, 4.5)
    assert (counters.seconds, counters.pictures) == (1.5, 132)
    counters.next_epoch()
    assert (counters.epoch, counters.step, counters.seen, counters.correct, counters.loss) == (2, 0, 0, 0, 0.0)
    assert (counters.seconds, counters.pictures) == (1.5, 132)
    assert checkpoint.Counters() == checkpoint.Counters(0, 0, 0, 0, 0.0, 0.0, 0, -1.0, 0, 1, 0, 0.0, 0, 0, [])


@pytest.mark.parametrize(("newest", "left"), [("4", "34"), ("3", "23"), ("1", "1")])
def test_the_newest_whole_checkpoint_and_the_one_before_stay(tmp_path, newest, left):
    for name in "1234":
        (tmp_path / f"{name}.checkpoint").touch()
    checkpoint.prune(tmp_path, tmp_path / f"{newest}.checkpoint")
    assert sorted(path.stem for path in tmp_path.iterdir()) == list(left)
    with pytest.raises(ClearsightError, match="was removed while its run was trained"):
        checkpoint.prune(tmp_path, tmp_path / "9.checkpoint")


@pytest.mark.parametrize(
    ("change", "why"), [(lambda data: data[:-1], "damaged"), (lambda data: bytes([data[0] ^ 1]) + data[1:], "damaged"), (None, "regular")]
)
def test_one_changed_bit_is_noticed(state, tmp_path, change, why):
    path = checkpoint.save(state, tmp_path)
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(change(data)) if change else path.mkdir()
    with pytest.raises(checkpoint.CorruptFile, match=why):
        checkpoint.read(path)
