"""A table of paths and labels: CSV, TSV or Parquet, optionally with a column of parts and one of groups."""

import csv
import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from ..base.errors import ClearsightError, UsageError, listed, plain, unknown
from ..base.text.cells import uncell
from .dataset import PART_NAMES, Dataset, Parts, class_table, clean_label, indices_of, objects

SUFFIXES = (".csv", ".tsv", ".txt", ".parquet")
_DELIMITERS = ",\t;|"
_LONGEST = 1_000_000  # letters of a line
# Names of columns; the first existing one is used.
_COLUMNS = {
    "path": ("path", "filename", "file_name", "filepath", "file", "image", "image_path", "picture"),
    "label": ("label", "class", "class_name", "target", "category"),
    "part": ("part", "split", "subset"),
    "group": ("group",),
}


class _Row(NamedTuple):
    line: int
    path: str
    label: str
    part: str
    group: str


def is_table(data: Any) -> bool:
    """Whether `data` is the path of a CSV, TSV or Parquet file."""
    return isinstance(data, str | Path) and Path(data).suffix.lower() in SUFFIXES and os.path.isfile(data)


def read_table(data: str | Path, *, group_by: str | None = None) -> Parts:
    """The pictures a table lists, in its order; paths are relative to the table's folder.

    `group_by` names the column whose equal values stay in one part (by default the column `group`, if it exists).
    Raises ClearsightError naming the lines whose path, label or file is missing or that contradict each other.
    """
    path = Path(data)
    header, lines = _read_parquet(path) if path.suffix.lower() == ".parquet" else _read_text(path)
    chosen = _choose(path, header, group_by)
    notes = [f"groups are the values of the column {header[chosen['group']]!r}"] if "group" in chosen and group_by is None else []
    rows = _distinct(path, _rows(path, lines, chosen, len(header)), notes)
    if empty := _empty_files(path, rows):
        notes.append(f"{len(empty)} empty files (0 bytes), listed but unreadable: {listed(empty, 3)}")
    by_part = {part: [row for row in rows if row.part == part] for part in ("train", "val", "test", "all")}
    by_part = {part: every for part, every in by_part.items() if every}
    table = class_table({part: (row.label for row in every) for part, every in by_part.items()})
    parts = {
        part: Dataset(
            classes=table,
            labels=indices_of([row.label for row in every], table),
            names=objects(row.path for row in every),
            root=path.parent,
            paths=objects(row.path for row in every),
            groups=objects(row.group for row in every) if "group" in chosen else None,
        )
        for part, every in by_part.items()
    }
    return Parts(path.stem, table, parts, tuple(notes))


def _read_text(path: Path) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The header and the rows with their line numbers; the delimiter is the one that finds both columns in the header."""
    headers = {mark: [cell.strip() for cell in next(_numbered(path, mark, strict=False), (0, [""]))[1]] for mark in _DELIMITERS}
    mark = max(_DELIMITERS, key=lambda mark: len({_find(headers[mark], kind) for kind in ("path", "label")} - {None}))
    return headers[mark], islice(_numbered(path, mark), 1, None)


def _numbered(path: Path, mark: str, *, strict: bool = True) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, cells between `mark`s, each with the number of the line it begins in."""
    reader = csv.reader(_lines(path), delimiter=mark, strict=strict)
    line = 1
    try:
        while (cells := next(reader, None)) is not None:
            if any(cell.strip() for cell in cells):
                yield line, [uncell(cell) for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        raise ClearsightError(f"{path}, line {line}: {error}. Is a quotation mark left open?") from error


def _lines(path: Path) -> Iterator[str]:
    """The lines of a text file with their ends, none of them longer than `_LONGEST`."""
    number = 1
    try:
        with path.open("rb") as file:
            start = file.read(2)
        with path.open(encoding="utf-16" if start in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", newline="") as text:
            while line := text.readline(_LONGEST):
                if "\0" in line:
                    raise ClearsightError(f"{path} is not UTF-8 text (NUL in line {number}). Save it as UTF-8.")
                if len(line) == _LONGEST:
                    raise ClearsightError(f"{path}, line {number}: it is longer than {_LONGEST:,} letters. Is this a table?")
                yield line
                number += 1
    except OSError as error:
        raise ClearsightError(f"cannot read {path}: {error.strerror or error}.") from error
    except UnicodeError as error:
        raise ClearsightError(f"{path} is not UTF-8 text (from line {number} on: {error}). Save it as UTF-8.") from error


def _read_parquet(path: Path) -> tuple[list[str], Iterator[tuple[int, list[Any]]]]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise ClearsightError(f"reading {path} needs pyarrow: pip install 'clearsight[parquet]', or save it as CSV.") from None
    try:
        file = parquet.ParquetFile(path, page_checksum_verification=True)
        names = file.schema_arrow.names
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise _damaged(path, error) from error

    def rows() -> Iterator[tuple[int, list[Any]]]:
        line = 0
        try:
            for batch in file.iter_batches():
                for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    line += 1
                    yield line, list(cells)
        except (OSError, ValueError, pyarrow.ArrowException) as error:  # ValueError: text that is not UTF-8, dates that do not exist
            raise _damaged(path, error) from error

    return names, rows()


def _damaged(path: Path, error: Exception) -> ClearsightError:
    return ClearsightError(f"cannot read {path}: {plain(next(iter(str(error).splitlines()), type(error).__name__))}")


def _cell(path: Path, line: int, value: Any) -> str:
    """A value as text: whole numbers without a point, nothing for NaN; raises ClearsightError for a list or a table in a cell."""
    if isinstance(value, list | tuple | dict):
        raise ClearsightError(f"{path}, line {line}: a path, label, part or group must be text or a number, not a {type(value).__name__}.")
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return (value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)).strip()


def _find(header: list[str], kind: str) -> int | None:
    names = [name.strip().lower() for name in header]
    return next((names.index(name) for name in _COLUMNS[kind] if name in names), None)


def _choose(path: Path, header: list[str], group_by: str | None) -> dict[str, int]:
    """The columns by role: `{"path": 0, "label": 1, …}`."""
    chosen = {kind: column for kind in _COLUMNS if (column := _find(header, kind)) is not None}
    lacking = [kind for kind in ("path", "label") if kind not in chosen]
    if lacking:
        wanted = " and ".join(f"a {kind} column ({', '.join(_COLUMNS[kind])})" for kind in lacking)
        raise UsageError(f"{path} needs {wanted} in its first line. It has: {listed(map(repr, header))}.")
    names = [name.strip().lower() for name in header]
    if twice := [header[column] for column in chosen.values() if names.count(names[column]) > 1]:
        raise UsageError(f"{path} has several columns called {listed(map(repr, twice))}. Keep one of each.")
    if group_by is not None:
        if group_by not in header:
            raise unknown(f"column of {path}", group_by, header)
        chosen["group"] = header.index(group_by)
    return chosen


def _rows(path: Path, lines: Iterator[tuple[int, list[Any]]], chosen: dict[str, int], width: int) -> list[_Row]:
    """Rows with every cell checked; raises ClearsightError naming the lines where one is missing."""
    rows = []
    missing: dict[str, list[int]] = {kind: [] for kind in chosen}
    unparted = 0
    for line, cells in lines:
        if any(cell.strip() for cell in cells[width:]):
            raise ClearsightError(f"{path}, line {line}: it has {len(cells)} cells and the header {width}. Does one need quotation marks?")
        value = {kind: _cell(path, line, cells[column]) if column < len(cells) else "" for kind, column in chosen.items()}
        part = value.get("part", "")
        unparted += not part
        for kind in chosen:
            if not value[kind]:
                missing[kind].append(line)
        if part and part.lower() not in PART_NAMES:
            raise ClearsightError(f"{path}, line {line}: the part {part!r} is not one of {listed(PART_NAMES)}.")
        part = PART_NAMES[part.lower()] if part else "all"
        rows.append(_Row(line, _name(path.parent, value["path"]), clean_label(value["label"]), part, value.get("group", "")))
    if not rows:
        raise ClearsightError(f"{path} has no row below its header.")
    if unparted == len(rows):  # the column exists, but is empty
        missing.pop("part", None)
    for kind, at in missing.items():
        if at:
            raise ClearsightError(f"{path}: {len(at)} rows have no {kind}, in line {listed(at, 5)}.")
    return rows


def _name(folder: Path, path: str) -> str:
    """A path as the picture's name: relative where it lies below the table's folder, so that one file has one name."""
    name = os.path.normpath(path) if path else ""
    if os.path.isabs(name) or name.startswith(os.pardir):
        relative = os.path.relpath(folder / name, folder)
        name = name if relative.startswith(os.pardir) else relative
    return name.replace(os.sep, "/")


def _distinct(path: Path, rows: list[_Row], notes: list[str]) -> list[_Row]:
    """Rows without repetitions; raises ClearsightError for a path that two rows describe differently."""
    first: dict[str, _Row] = {}
    repeated = []
    for row in rows:
        known = first.setdefault(row.path, row)
        if known[2:] != row[2:]:
            told = " and ".join(f"line {r.line} says {', '.join(filter(None, r[2:]))}" for r in (known, row))
            raise ClearsightError(f"{path} contradicts itself about {row.path}: {told}.")
        if known is not row:
            repeated.append(row.line)
    if repeated:
        notes.append(f"{len(repeated)} rows repeat an earlier one and are left out: line {listed(repeated, 5)}")
    return list(first.values())


def _empty_files(path: Path, rows: list[_Row]) -> list[str]:
    """The files of 0 bytes; raises ClearsightError naming the first files that do not exist."""
    missing, empty = [], []
    for row in rows:
        try:
            facts = os.stat(path.parent / row.path)
            whole = stat.S_ISREG(facts.st_mode)
        except (OSError, ValueError):
            whole = False
        if not whole:
            missing.append(f"{row.path} (line {row.line})")
        elif facts.st_size == 0:
            empty.append(row.path)
    if missing:
        where = f"Paths are relative to {path.parent.resolve()}."
        raise ClearsightError(f"{path}: {len(missing)} of {len(rows)} files do not exist: {listed(missing, 5)}. {where}")
    return empty
