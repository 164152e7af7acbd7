"""Progress as lines of a file: whole lines, few of them, an end that says how it ended."""

import json
import os

import pytest

from clearsight.base import progress, progress_file
from clearsight.base.errors import ClearsightError, UsageError


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    for module in (progress, progress_file):
        monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def lines(file):
    text = file.read_text()
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def test_a_bar_is_a_line_each_quarter_of_a_second_and_at_its_end(tmp_path, clock):
    file = tmp_path / "a.jsonl"
    with progress_file.progress_file(file), progress.Progress("train\n é", 60, "steps", quiet=True) as bar:
        for _ in range(60):
            clock[0] += 0.1
            bar.update(1, "loss 0.5")
            assert lines(file)[-1] == progress_file.latest(file)  # whole at every moment
    begun, *running, end = lines(file)
    assert (begun["state"], begun["process"], end["state"]) == ("begun", os.getpid(), "done")
    assert [one["done"] for one in running] == [*range(1, 60, 3), 60] and end["at"] >= begun["at"]
    assert {key: running[1][key] for key in ("state", "label", "total", "unit", "rate", "note")} == {
        "state": "running", "label": "train\n é", "total": 60, "unit": "steps", "rate": 10, "note": "loss 0.5",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (ClearsightError("no picture is left."), {"state": "failed", "error": "no picture is left."}),
        (ValueError("x"), {"state": "failed", "error": "ValueError: x"}),
        (KeyboardInterrupt(), {"state": "stopped"}),
        (progress.Cancelled(), {"state": "stopped"}),
    ],
)
def test_the_last_line_says_how_it_ended_and_what_was_there_stays(tmp_path, error, end):
    file = tmp_path / "a.jsonl"
    file.write_text('{"state": "done"}\n')
    with pytest.raises(type(error)), progress_file.progress_file(file):
        raise error
    first, begun, last = lines(file)
    assert (first, begun["state"]) == ({"state": "done"}, "begun") and {k: last[k] for k in last if k != "at"} == end


def test_a_file_that_cannot_be_written_is_said_at_once_and_a_full_disk_ends_nothing(tmp_path, monkeypatch):
    with pytest.raises(UsageError, match="cannot write progress to"), progress_file.progress_file(tmp_path / "no" / "a"):
        raise AssertionError
    with progress_file.progress_file(tmp_path / "a"), progress.Progress("train", 2, quiet=True) as bar:
        monkeypatch.setattr(os, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        bar.update(1)
    monkeypatch.undo()
    assert [one["state"] for one in lines(tmp_path / "a")] == ["begun"]


def test_of_several_processes_the_first_one_writes(tmp_path, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    with progress_file.progress_file(tmp_path / "a"):
        pass
    assert not (tmp_path / "a").exists()
