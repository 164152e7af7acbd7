"""A line a second at most, as a training goes; a resume appends, and a disk that refuses ends nothing."""

import os

from clearsight.runs.watched import lines_of
from clearsight.training.storage import live
from clearsight.training.storage.checkpoint import Counters
from clearsight.training.storage.live import Live


class Clock:
    """A clock that a test sets."""

    now = 10.0

    def monotonic(self):
        return self.now


def steps(one, clock, seconds):
    counters = Counters(epoch=2)
    for _ in range(10):
        counters.add(32, 16.0, 8, 0.0)
        counters.seconds = counters.pictures / 64
        one.step(counters, 40, lambda: 0.5)
        clock.now += seconds


def test_a_line_a_second(tmp_path, monkeypatch):
    monkeypatch.setattr(live, "time", clock := Clock())
    one = Live(tmp_path)
    steps(one, clock, 0.25)
    one.close()
    lines, _ = lines_of(tmp_path)
    assert [line["step"] for line in lines] == [1, 5, 9]
    assert lines[1] == {
        "epoch": 3, "step": 5, "steps": 40, "loss": 0.5, "accuracy": 0.25, "lr": 0.5, "pictures_per_second": 64.0,
    }  # fmt: skip


def test_a_resume_appends_after_a_torn_line(tmp_path, monkeypatch):
    monkeypatch.setattr(live, "time", clock := Clock())
    (tmp_path / "live.jsonl").write_bytes(b'{"step": 7}\n{"ste')
    steps(Live(tmp_path), clock, 2.0)
    assert [line["step"] for line in lines_of(tmp_path)[0]] == [7, *range(1, 11)]


def test_without_a_folder_or_on_a_full_disk_the_training_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(live, "time", clock := Clock())
    steps(Live(), clock, 2.0)

    def full(*_):
        raise OSError(28, "No space left on device")

    one = Live(tmp_path / "gone")
    steps(one, clock, 2.0)
    monkeypatch.setattr(os, "write", full)
    steps(Live(tmp_path), clock, 2.0)
    one.close()
    assert lines_of(tmp_path)[0] == []
