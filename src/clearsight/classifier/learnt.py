"""The one place that knows which pictures a classifier has learnt from, or was chosen by."""

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..base.errors import ClearsightError, CorruptFile
from ..base.files import digest, read_json
from ..datasets.dataset import Dataset
from ..datasets.manifest import DIGEST, read_manifest

DIVISION, ANCESTORS, CONFIG = "split.csv", "ancestors.csv", "config.json"
TABLES = "tables"  # in run.json
LEARNT = ("train", "unlabelled", "val")  # what a network was fitted to, and what chose among its epochs
SEEN = "seen"  # without a label, by a pretraining that knew none
# a picture that is in two parts, or in two runs, counts as what it was first in this order
ORDER = ("train", "unlabelled", "val", SEEN, "test", "unused")
_HEADER = ("digest", "part")
_UNKNOWN = ("", "unknown")  # a line of ancestors.csv: some of them kept no content
Read = TypeVar("Read")


@dataclass(frozen=True)
class Learnt:
    """Pictures by content (`digests`), and the part that each had; `names` of those whose content was not kept.

    `complete` says whether all pictures that a run was given are known by content: runs of before version 0.2 kept only names.
    """

    digests: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    complete: bool = True

    def __bool__(self) -> bool:
        return bool(self.digests or self.names)

    def parts(self, dataset: Dataset) -> NDArray[np.object_]:
        """What each picture was to the classifier: a part, or `seen`, or "" where it knows nothing of it; str objects (N,)."""
        found = np.full(len(dataset), "", dtype=object)
        if self.digests and dataset.digests is not None:
            found[:] = [self.digests.get(digest.decode(), "") for digest in dataset.digests]
        if self.names:
            found[:] = [part or self.names.get(str(name), "") for part, name in zip(found, dataset.names, strict=True)]
        return found

    def among(self, names: Iterable[str]) -> "Learnt":
        """The same, asked about data with these names: names alone count only where most of them, on both sides, are the same."""
        if not self.names:
            return self
        there = set(names)
        common = len(there & self.names.keys())
        return self if 2 * common >= len(there | self.names.keys()) else Learnt(self.digests, {}, False)

    def of(self, dataset: Dataset) -> NDArray[np.bool_]:
        """Which pictures it has learnt from or was chosen by, bool (N,)."""
        return np.isin(self.parts(dataset).astype(str), LEARNT)

    def seen(self) -> "Learnt":
        """The same pictures where no label was known: the features have seen them, no answer follows from their labels."""
        return Learnt({digest: SEEN for digest, part in self.digests.items() if part in LEARNT}, {}, self.complete)


def learnt(folder: str | Path) -> Learnt:
    """What the classifier in `folder` has learnt from: the pictures of its run, and of those that the run began with.

    Nothing is known of weights that are no run's. Raises ClearsightError for a table that is damaged, or gone from a run that had it.
    """
    folder = Path(folder)
    own, others = (_table(folder, name) for name in (DIVISION, ANCESTORS))
    if own is None and others is None:
        return Learnt(complete=not (folder / CONFIG).is_file())
    rows = [] if own is None else _read(folder / DIVISION, own, read_manifest)
    kept = Learnt(_strictest((row["digest"], row["part"]) for row in rows if row["digest"]))
    named = Learnt({}, _strictest((row["name"], row["part"]) for row in rows if not row["digest"]), all(row["digest"] for row in rows))
    return merged([kept, named, Learnt() if others is None else _read(folder / ANCESTORS, others, _ancestors)])


def tables(manifest: str, past: str) -> dict[str, str]:
    """The SHA-256 of the tables of a run, by file, for its run.json: one that is cut, changed or taken away is then noticed."""
    return {name: digest(text.encode()) for name, text in ((DIVISION, manifest), (ANCESTORS, past)) if text}


def merged(several: Iterable[Learnt]) -> Learnt:
    """What any of `several` has learnt from."""
    every = list(several)
    return Learnt(
        _strictest(row for one in every for row in one.digests.items()),
        _strictest(row for one in every for row in one.names.items()),
        all(one.complete for one in every),
    )


def write_ancestors(known: Learnt) -> str:
    """The text of `ancestors.csv`: what the weights that a run begins with have learnt from; "" where nothing is known."""
    if not known.digests and known.complete:
        return ""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([_HEADER, *known.digests.items(), *([] if known.complete else [_UNKNOWN])])
    return text.getvalue()


def _table(folder: Path, name: str) -> bytes | None:
    """The bytes of a table, None where there is none; raises CorruptFile where they are not what run.json says."""
    path, facts = folder / name, folder / "run.json"
    try:
        data = path.read_bytes() if path.is_file() else None
    except OSError as error:
        raise CorruptFile(f"cannot read {path}: {error.strerror or error}.") from error
    known = read_json(facts) if facts.is_file() else {}
    wanted = known.get(TABLES, {}) if isinstance(known, dict) else {}
    if isinstance(wanted, dict) and name in wanted and (data is None or digest(data) != wanted[name]):
        raise CorruptFile(
            f"{path} is damaged: it is {'gone' if data is None else 'not what the run wrote'}, so nobody knows which pictures {folder} has "
            "learnt from. Take the file from where the run was made."
        )
    return data


def _read(path: Path, data: bytes, parse: Callable[[str], Read]) -> Read:
    try:
        return parse(data.decode())
    except (ValueError, ClearsightError) as error:
        raise CorruptFile(f"{path} is damaged: {error}") from error


def _ancestors(text: str) -> Learnt:
    rows = list(csv.reader(io.StringIO(text, newline="")))
    header, complete = tuple(rows[0]) if rows else (), list(_UNKNOWN) not in rows
    rows = [row for row in rows if tuple(row) != _UNKNOWN]
    if header != _HEADER or any(len(row) != 2 or not DIGEST.fullmatch(row[0]) or row[1] not in ORDER for row in rows[1:]):
        raise ClearsightError(f"its lines must be {','.join(_HEADER)}: 32 hexadecimal digits, and a part.")
    return Learnt(dict(rows[1:]), {}, complete)


def _strictest(rows: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, part in rows:
        known = found.setdefault(key, part)
        if known != part and _RANK[part] < _RANK[known]:
            found[key] = part
    return found


_RANK = {part: i for i, part in enumerate(ORDER)}
