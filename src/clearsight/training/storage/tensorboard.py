"""TensorBoard events, a file an epoch: TensorBoard reads the files of a folder in the order of their names."""

import time
from io import BytesIO
from pathlib import Path

from ...base.files import write_atomic


def write_events(folder: Path, row: dict[str, float]) -> None:
    """Write the numbers of an epoch's row as that epoch's file; a resumed run replaces it."""
    # their import takes a third of a second: not before the first step
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    now, stream = time.time(), BytesIO()
    values = [Summary.Value(tag=_title(name), simple_value=value) for name, value in row.items() if name != "epoch"]
    records = RecordWriter(stream)
    records.write(Event(wall_time=now, file_version="brain.Event:2").SerializeToString())
    records.write(Event(wall_time=now, step=row["epoch"], summary=Summary(value=values)).SerializeToString())
    write_atomic(folder / f"events.out.tfevents.{row['epoch']:010d}.clearsight", stream.getvalue())


def _title(name: str) -> str:
    return name.replace("val_", "validation/") if name.startswith("val_") else f"train/{name}"
