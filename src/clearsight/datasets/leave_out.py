"""Leave pictures out of a data set: those of a list, or those that cannot be read."""

import csv
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..base.errors import ClearsightError, UnreadableImage, UsageError, listed
from ..base.progress import Progress
from ..images.decode import examined
from .dataset import Dataset, Parts
from .tables.encoding import text as read_text

UNREADABLE = "unreadable"
_NAMES = ("name", "source", "path", "picture", "file", "filename")  # columns of a list with a header
_CHUNK = 256


def without(parts: Parts, what: str, *, quiet: bool = True) -> Parts:
    """`parts` without the pictures that `what` names: a file with a name a line (or a CSV file with a column `name`), or `unreadable`.

    Names are those that `check` prints, or paths. Raises UsageError for a name that is no picture of the data, ClearsightError where a
    class would have no picture left.
    """
    kept = {part: ~mask for part, mask in (_unreadable(parts, quiet) if what == UNREADABLE else _listed(parts, Path(what))).items()}
    left_out = [str(name) for part, data in parts.parts.items() for name in data.names[~kept[part]]]
    if not left_out:
        return replace(parts, notes=(*parts.notes, f"--leave-out {what}: no picture is among them"))
    made = {part: data.subset(kept[part]) for part, data in parts.parts.items()}
    made = {part: data for part, data in made.items() if len(data)}
    for part, data in made.items():
        if empty := _emptied(parts.parts[part], data):
            raise ClearsightError(
                f"--leave-out {what} leaves no {'' if part == 'all' else f'{part} '}picture of {listed(map(repr, empty))}."
            )
    if not made:
        raise ClearsightError(f"--leave-out {what} leaves no picture of {parts.name}.")
    note = f"--leave-out {what}: {len(left_out):,} pictures left out: {listed(left_out, 3)}"
    return replace(parts, parts=made, notes=(*parts.notes, note))


def _emptied(before: Dataset, after: Dataset) -> list[str]:
    """The classes that have pictures in `before` and none in `after`."""
    if not before.classes:
        return []
    return [label for label, was, n in zip(before.classes, before.counts(), after.counts(), strict=True) if was and not n]


def _unreadable(parts: Parts, quiet: bool) -> dict[str, NDArray[np.bool_]]:
    """Which pictures of every part cannot be read, bool (N,), by decoding all of them."""
    total = sum(map(len, parts.parts.values()))
    with Progress("look", total, quiet=quiet) as progress, ThreadPoolExecutor(os.cpu_count()) as pool:
        found = {}
        for part, data in parts.parts.items():
            found[part] = np.zeros(len(data), dtype=bool)
            for start in range(0, len(data) if data.pictures is None else 0, _CHUNK):
                rows = range(start, min(start + _CHUNK, len(data)))
                found[part][start : rows.stop] = list(pool.map(lambda i, data=data: _fails(data, i), rows))
                progress.update(len(rows))
    return found


def _fails(data: Dataset, i: int) -> bool:
    try:
        examined(data.source(i))
    except UnreadableImage:
        return True
    return False


def _listed(parts: Parts, path: Path) -> dict[str, NDArray[np.bool_]]:
    """Which pictures of every part are in the list `path`, bool (N,)."""
    names = _read(path)
    found = {part: np.isin(data.names.astype(str), list(names)) for part, data in parts.parts.items()}
    known = {str(name) for part, data in parts.parts.items() for name in data.names[found[part]]}
    if rest := names - known:  # paths, from here or the root
        for part, data in parts.parts.items():
            if data.root is not None:
                paths = [os.path.realpath(data.source(i)) for i in range(len(data))]  # type: ignore[arg-type]
                wanted = {os.path.realpath(base / name): name for name in rest for base in (Path(), path.parent)}
                hits = np.isin(np.array(paths, dtype=str), list(wanted))
                found[part] |= hits
                known |= {wanted[paths[i]] for i in np.flatnonzero(hits)}
    if lacking := sorted(names - known):
        raise UsageError(
            f"{path} lists {len(lacking):,} names that are no pictures of {parts.name}: {listed(map(repr, lacking), 3)}. "
            "Write names as clearsight check prints them, one a line."
        )
    return found


def _read(path: Path) -> set[str]:
    """The names in a list: a line each, or the column of a CSV file that is called name, path or the like."""
    try:
        text = read_text(path)
    except (ClearsightError, OSError, UnicodeError) as error:
        raise UsageError(
            f"--leave-out takes {UNREADABLE}, or a file with the name of a picture a line. Cannot read {path}: {error}."
        ) from None
    rows = [row for row in csv.reader(text.splitlines()) if any(cell.strip() for cell in row)]
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    column = next((header.index(name) for name in _NAMES if name in header), None)
    if column is not None:
        return {row[column].strip() for row in rows[1:] if column < len(row)}
    return {line.strip() for line in text.splitlines() if line.strip()}
