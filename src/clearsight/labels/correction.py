"""`apply`: a data set and a journal of decisions in; the corrected table, which is DATA again, out. The data are never touched."""

import csv
import io
import os
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..base.errors import ClearsightError, UsageError, listed
from ..base.files import require_ours, write_atomic
from ..base.result import Result, Row
from ..base.text.cells import cells
from ..datasets.dataset import Parts
from ..datasets.decisions.journal import KINDS, Entry, journal_of
from ..datasets.decisions.overlay import Change, overlaid
from ..datasets.formats.arrays import UNREADABLE
from ..datasets.open import open_dataset

HEADER = ("path", "label", "split", "group")
OURS = "corrected_by"  # the array of an .npz that says whose it is
ARRAYS = {"train": ("x_train", "y_train"), "val": ("x_val", "y_val"), "test": ("x_test", "y_test"), "all": ("images", "labels")}


@dataclass(frozen=True, eq=False)
class Correction(Result):
    """What decisions make of the labels of a data set, in the file `path` unless nothing was written."""

    path: Path
    pictures: int
    classes: tuple[str, ...]
    changes: list[Change]
    lost: list[Entry]
    notes: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Decisions by kind; of labels only those that differ from the label given."""
        found = Counter(one.kind for one in self.changes if one.kind != "label" or one.label != one.was)
        return {kind: found[kind] for kind in KINDS}

    def to_json(self) -> dict[str, Any]:
        """The JSON of `clearsight labels apply --json`."""
        return {
            "file": str(self.path), "pictures": self.pictures, "classes": list(self.classes), "decisions": self.counts,
            "changes": [asdict(one) for one in self.changes],
            "no_longer_there": [{"picture": one.name, "kind": one.kind, "label": one.label} for one in self.lost],
            "notes": list(self.notes),
        }  # fmt: skip

    def headline(self) -> str:
        """How many labels are changed, and what else was decided."""
        n = self.counts
        return (
            f"{n['label']:,} labels changed, {n['leave out']:,} pictures left out, {n['keep']:,} labels confirmed, "
            f"{n['unsure']:,} unsure and unchanged; {self.pictures:,} pictures in {len(self.classes):,} classes"
        )

    def rows(self) -> list[Row]:
        """A line for each decision."""
        return [asdict(one) for one in self.changes]


def apply_decisions(data: Any, *, journal: str | Path = "", out: str | Path = "", quiet: bool = False, **reading: str) -> Correction:
    """Write `data` with the labels that `journal` gives it: a table of paths and labels, an .npz for pictures in arrays.

    `reading` are `group_by`, `columns` and `leave_out` of `open_dataset`. Raises UsageError where there is no journal, or `out` has
    something else; ClearsightError for a picture that no table can name.
    """
    path = Path(journal) if journal else journal_of(str(data))
    whole = open_dataset(data, labelled=False, **reading)
    found = overlaid(whole, path, quiet=quiet)
    arrays = all(part.pictures is not None for part in found.parts.parts.values())
    if not arrays and any(part.root is None for part in found.parts.parts.values()):
        raise UsageError(
            f"{whole.name} has its pictures in shards, which no table can name. In Python: "
            f"cs.pack_shards(cs.open_dataset(DATA, labels={str(path)!r}), 'corrected')."
        )
    written = Path(out) if out else path.parent / f"corrected{'.npz' if arrays else '.csv'}"
    if written.suffix.lower() != (".npz" if arrays else ".csv"):
        raise UsageError(f"corrected labels of {whole.name} are {'an .npz' if arrays else 'a .csv'} file. Got {written}.")
    if arrays:
        _write_arrays(found.parts, written)
    else:
        require_ours(written, ",".join(HEADER[:2]))
        write_atomic(written, _table(found.parts, written))
    return Correction(written, sum(map(len, found.parts.parts.values())), found.parts.classes, found.changes, found.lost, found.parts.notes)


def _table(parts: Parts, table: Path) -> str:
    """The pictures with paths relative to the table's folder, labels, parts and groups."""
    several, grouped = "all" not in parts.parts, any(data.groups is not None for data in parts.parts.values())
    wanted = [True, True, several, grouped]
    text, bad = io.StringIO(), []
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([name for name, there in zip(HEADER, wanted, strict=True) if there])
    for part, data in parts.parts.items():
        for i in range(len(data)):
            path = _relative(os.path.abspath(str(data.source(i))), table.resolve().parent)
            row = (path, data.label(i), part, str(data.groups[i]) if data.groups is not None else "")
            bad += [path] if path != path.strip() or not path.isprintable() else []
            writer.writerow(cells([value for value, there in zip(row, wanted, strict=True) if there]))
    if bad:
        raise ClearsightError(f"{len(bad)} files have names that a table cannot have, rename them: {listed(map(repr, bad), 3)}.")
    return text.getvalue()


def _relative(path: str, folder: Path) -> str:
    try:
        return os.path.relpath(path, folder).replace(os.sep, "/")
    except ValueError:  # another drive of Windows
        return path


def _write_arrays(parts: Parts, path: Path) -> None:
    """An .npz with pictures, class indices and names, as `open_dataset` reads it."""
    if path.exists() and not _is_ours(path):
        raise UsageError(f"{path} was not written by clearsight labels apply, and would be written over: name another file with --out.")
    arrays: dict[str, Any] = {"classes": np.array(parts.classes), OURS: np.array("clearsight labels apply")}
    for part, data in parts.parts.items():
        pictures, labels = ARRAYS[part]
        arrays |= {pictures: data.pictures, labels: np.array(parts.classes)[data.labels]}
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    write_atomic(path, stream.getbuffer())


def _is_ours(path: Path) -> bool:
    try:
        with np.load(path, allow_pickle=False) as file:
            return OURS in file.files
    except UNREADABLE:
        return False
