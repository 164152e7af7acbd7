"""TensorBoard events, one set an epoch."""

from pathlib import Path
from typing import Any


def write_events(folder: Path, row: dict[str, Any]) -> None:
    """Append the numbers of one epoch's row to the events in `folder`."""
    from torch.utils.tensorboard import SummaryWriter  # its import takes a second: after the first epoch, not before the first step

    with SummaryWriter(str(folder), purge_step=int(row["epoch"])) as writer:
        for name, value in row.items():
            if name != "epoch":
                writer.add_scalar(name.replace("val_", "validation/") if name.startswith("val_") else f"train/{name}", value, row["epoch"])
