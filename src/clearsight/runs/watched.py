"""What can be watched of a training while it runs, read without torch: `live.jsonl` and `watch/` of a run folder.

Nothing of a training depends on these files, and a resume does not read them: after one, lines of steps that are done again follow those
of the first time.
"""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..base.stored import taken_from

LIVE = "live.jsonl"  # a line a second: epoch, step, steps of an epoch, loss, accuracy, lr, pictures_per_second
FOLDER = "watch"
PICTURES, SHEET = "pictures.json", "pictures.png"  # the pictures that are watched: index, name, label; all of them side by side
MOST = 2**20  # bytes of lines that are read at a time
_ANSWERS = re.compile(r"(\d{1,9})\.npz")


class Watched(NamedTuple):
    """Probabilities float32 `(n, K)` of the pictures that are watched, or `(0, 0)`; first filters float16 `(O, I, H, W)`, or empty."""

    probabilities: NDArray[np.float32]
    filters: NDArray[np.float16]


def file_of(epoch: int) -> str:
    """The name of an epoch's file in the folder."""
    return f"{epoch:05d}.npz"


def lines_of(folder: Path, after: int = 0) -> tuple[list[dict[str, Any]], int]:
    """The whole lines of `live.jsonl` from byte `after` on, and the byte after the last of them; a torn line is left out."""
    try:
        with (folder / LIVE).open("rb") as file:
            file.seek(after)
            found = file.read(MOST)
    except OSError:
        return [], after
    whole = found[: found.rfind(b"\n") + 1]
    lines = []
    for line in whole.splitlines():
        try:
            read = json.loads(line)
        except ValueError:
            continue
        lines += [read] if isinstance(read, dict) else []
    return lines, after + len(whole)


def epochs_of(folder: Path) -> list[int]:
    """The epochs that `watch/` has something of, in order."""
    try:
        names = [path.name for path in (folder / FOLDER).iterdir()]
    except OSError:
        return []
    return sorted(int(found[1]) for name in names if (found := _ANSWERS.fullmatch(name)))


def watched_in(folder: Path, epoch: int) -> Watched:
    """What `watch/` has of an epoch; raises CorruptFile for a file that is something else, and OSError."""
    path = folder / FOLDER / file_of(epoch)
    data = path.read_bytes()
    with taken_from(path, "what is watched of an epoch"):
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as table:
                found = Watched(table["probabilities"].astype(np.float32), table["filters"].astype(np.float16))
        except (EOFError, zipfile.BadZipFile) as error:
            raise ValueError(str(error)) from error
        if found.probabilities.ndim != 2 or found.filters.ndim not in (1, 4):
            raise ValueError("it has other shapes")
        return found


def packed(watched: Watched) -> bytes:
    """The bytes of an epoch's file."""
    out = io.BytesIO()
    np.savez(out, **watched._asdict())
    return out.getvalue()
