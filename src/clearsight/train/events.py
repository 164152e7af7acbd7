"""TensorBoard events, one set an epoch."""

from pathlib import Path
from typing import Any


class Events:
    """Appends the numbers of an epoch's row to the events in `folder`; what a resumed run does again replaces what was there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._writer: Any = None

    def write(self, row: dict[str, Any]) -> None:
        """Add one epoch's row and flush it."""
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter  # its import takes a second: not before the first step

            self._writer = SummaryWriter(str(self.folder), purge_step=int(row["epoch"]))
        for name, value in row.items():
            if name != "epoch":
                title = name.replace("val_", "validation/") if name.startswith("val_") else f"train/{name}"
                self._writer.add_scalar(title, value, row["epoch"])
        self._writer.flush()

    def close(self) -> None:
        """Close the file, if one was opened."""
        if self._writer is not None:
            self._writer.close()
