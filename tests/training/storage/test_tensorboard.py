"""TensorBoard reads back what was written, in order, also after an epoch was done again."""

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

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
