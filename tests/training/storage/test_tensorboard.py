"""TensorBoard reads back what was written, in order, also after an epoch was done again."""

import math
import struct
import time

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from clearsight.training.storage.tensorboard import write_events


def row(epoch: int) -> dict[str, float]:
    return {"epoch": epoch, "lr": 0.5**epoch, "loss": 2.0 / epoch, "val_accuracy": epoch / 16}


def test_all_values_are_read_back_in_order(tmp_path):
    for epoch in (*range(1, 12), 9, 10, 11, 12):  # killed after 11, resumed after 8
        write_events(tmp_path, row(epoch))
    read = EventAccumulator(str(tmp_path)).Reload()
    assert sorted(read.Tags()["scalars"]) == ["train/loss", "train/lr", "validation/accuracy"]
    for tag, name in (("train/lr", "lr"), ("train/loss", "loss"), ("validation/accuracy", "val_accuracy")):
        assert [event.step for event in read.Scalars(tag)] == list(range(1, 13))
        assert [round(event.value, 6) for event in read.Scalars(tag)] == [round(row(epoch)[name], 6) for epoch in range(1, 13)]


def test_an_open_tensorboard_sees_new_epochs(tmp_path):
    write_events(tmp_path, row(1))
    read = EventAccumulator(str(tmp_path)).Reload()
    write_events(tmp_path, row(2))
    assert [event.step for event in read.Reload().Scalars("train/loss")] == [1, 2]


@pytest.mark.parametrize("epoch", [1, 127, 128, 70000])
def test_the_bytes_are_those_of_its_own_writer(epoch, tmp_path, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 1.7e9 + 1 / 3)
    numbers = {"lr": 0.1, "loss": math.nan, "val_loss": math.inf, "val_accuracy": 0.0, "pictures_per_second": -1e-45, "größe": 3.0}
    write_events(tmp_path, {"epoch": epoch, **numbers})
    titles = {"val_loss": "validation/loss", "val_accuracy": "validation/accuracy"}
    values = [Summary.Value(tag=titles.get(name, f"train/{name}"), simple_value=value) for name, value in numbers.items()]
    with (tmp_path / "theirs").open("wb") as file:
        records = RecordWriter(file)
        records.write(Event(wall_time=time.time(), file_version="brain.Event:2").SerializeToString())
        records.write(Event(wall_time=time.time(), step=epoch, summary=Summary(value=values)).SerializeToString())
        file.flush()
    ours = tmp_path / f"events.out.tfevents.{epoch:010d}.clearsight"
    assert ours.read_bytes() == (tmp_path / "theirs").read_bytes()


def test_a_number_beyond_single_precision_is_infinite(tmp_path):
    write_events(tmp_path, {"epoch": 1, "loss": 1e300})
    assert struct.pack("<f", math.inf) in next(tmp_path.iterdir()).read_bytes()
