"""Which pictures a classifier was trained on or selected by: read from the tables of its run."""

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
from .config import CONFIG, is_exported

DIVISION, ANCESTORS = "split.csv", "ancestors.csv"
TABLES = "tables"  # in run.json
LEARNT = ("train", "unlabelled", "val")  # what a network was fitted to, and what selected its epoch
SEEN = "seen"  # without labels, in pretraining
# a picture in two parts, or in two runs, counts as the first of these
ORDER = ("train", "unlabelled", "val", SEEN, "test", "unused")
_HEADER = ("digest", "part")
_UNKNOWN = ("", "unknown")  # a line of ancestors.csv: for some pictures no digest was kept
Read = TypeVar("Read")


@dataclass(frozen=True)
class Learnt:
    """Pictures by digest of their content (`digests`) with the part of each; `names` for those without a digest.

    `complete` is whether all pictures of a run have a digest: runs of versions before 0.2 stored only names.
    """

    digests: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    complete: bool = True

    def __bool__(self) -> bool:
        return bool(self.digests or self.names)

    def parts(self, dataset: Dataset) -> NDArray[np.object_]:
        """The role of each picture for the classifier: a part, `seen`, or "" if it was not used; str objects (N,)."""
        found = np.full(len(dataset), "", dtype=object)
        if self.digests and dataset.digests is not None:
            found[:] = [self.digests.get(digest.decode(), "") for digest in dataset.digests]
        if self.names:
            found[:] = [part or self.names.get(str(name), "") for part, name in zip(found, dataset.names, strict=True)]
        return found

    def among(self, names: Iterable[str]) -> "Learnt":
        """The same for data with these names: names without digests count only if at least half of all names are in both."""
        if not self.names:
            return self
        there = set(names)
        common = len(there & self.names.keys())
        return self if 2 * common >= len(there | self.names.keys()) else Learnt(self.digests, {}, False)

    def of(self, dataset: Dataset) -> NDArray[np.bool_]:
        """Which pictures it was trained on or selected by, bool (N,)."""
        return np.isin(self.parts(dataset).astype(str), LEARNT)

    def seen(self) -> "Learnt":
        """The same pictures as seen without labels: the features depend on them, but no prediction follows from their labels."""
        return Learnt({digest: SEEN for digest, part in self.digests.items() if part in LEARNT}, {}, self.complete)


def learnt(folder: str | Path) -> Learnt:
    """The pictures that the classifier in `folder` was trained on: those of its run and of the runs whose weights it started from.

    Empty for weights that do not come from a run. Raises ClearsightError for a table that is damaged or missing.
    """
    folder = Path(folder)
    own, others = (_table(folder, name) for name in (DIVISION, ANCESTORS))
    if own is None and others is None:
        return Learnt(complete=not (is_exported(folder) or (folder / CONFIG).is_file()))
    rows = [] if own is None else _read(folder / DIVISION, own, read_manifest)
    kept = Learnt(_strictest((row["digest"], row["part"]) for row in rows if row["digest"]))
    named = Learnt({}, _strictest((row["name"], row["part"]) for row in rows if not row["digest"]), all(row["digest"] for row in rows))
    return merged([kept, named, Learnt() if others is None else _read(folder / ANCESTORS, others, _ancestors)])


def past(folder: str | Path) -> Learnt:
    """The pictures that the weights which the run in `folder` started from were trained on; raises ClearsightError as `learnt` does."""
    others = _table(Path(folder), ANCESTORS)
    return Learnt() if others is None else _read(Path(folder) / ANCESTORS, others, _ancestors)


def tables(manifest: str, past: str) -> dict[str, str]:
    """The SHA-256 of the tables of a run, by file, for its run.json: a changed or missing table is then noticed."""
    return {name: digest(text.encode()) for name, text in ((DIVISION, manifest), (ANCESTORS, past)) if text}


def merged(several: Iterable[Learnt]) -> Learnt:
    """The pictures of all of `several`."""
    every = list(several)
    return Learnt(
        _strictest(row for one in every for row in one.digests.items()),
        _strictest(row for one in every for row in one.names.items()),
        all(one.complete for one in every),
    )


def write_ancestors(known: Learnt) -> str:
    """The text of `ancestors.csv`: the training pictures of the weights that a run starts from; empty without any."""
    if not known.digests and known.complete:
        return ""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([_HEADER, *known.digests.items(), *([] if known.complete else [_UNKNOWN])])
    return text.getvalue()


def _table(folder: Path, name: str) -> bytes | None:
    """The bytes of a table, None if there is no table; raises CorruptFile if they differ from the digest in run.json."""
    path, facts = folder / name, folder / "run.json"
    try:
        data = path.read_bytes() if path.is_file() else None
    except OSError as error:
        raise CorruptFile(f"cannot read {path}: {error.strerror or error}.") from error
    known = read_json(facts) if facts.is_file() else {}
    wanted = known.get(TABLES, {}) if isinstance(known, dict) else {}
    if isinstance(wanted, dict) and name in wanted and (data is None or digest(data) != wanted[name]):
        raise CorruptFile(
            f"{path} is damaged: it is {'missing' if data is None else 'not what the run wrote'}, so the training pictures of {folder} "
            "are unknown. Copy the file again from where the run was made."
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
