"""A table or list of paths and labels: CSV, TSV, text, JSON lines or Parquet, optionally with a column of parts and one of groups."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ..base.errors import ClearsightError, listed, plain
from .dataset import PART_NAMES, Dataset, Parts, class_table, clean_label, indices_of, objects
from .formats.layout import part_word
from .tables.columns import Chooser, Columns, known, one_hot_label, parse, part_of_flag, plain_name
from .tables.encoding import encoding
from .tables.files import Finder
from .tables.labels import names_for, refuse_several, several
from .tables.text import Text, lines, read

SUFFIXES = (".csv", ".tsv", ".txt", ".lst", ".list", ".jsonl", ".parquet")

_VALUE = re.compile(r"(?:pixel|pix|px|p|x|f|v)?[ _]?\d+(?:[x.]\d+)?", re.IGNORECASE)  # pixel0, 1x1, 0.5
_MANY = 49  # columns of values: 7×7 px
_LABELS = (".csv", ".tsv", ".jsonl", ".parquet")  # suffixes of tables that a folder of pictures is read by


class _Row(NamedTuple):
    line: int
    path: str
    label: str
    part: str
    group: str


def is_table(data: Any) -> bool:
    """Whether `data` is the path of a CSV, TSV or Parquet file."""
    return isinstance(data, str | Path) and Path(data).suffix.lower() in SUFFIXES and os.path.isfile(data)


def tables_in(folder: Path) -> list[str]:
    """The names of the tables in a folder that may hold labels."""
    return [name for name in sorted(os.listdir(folder)) if name.lower().endswith(_LABELS)]


def table_in(folder: Path) -> Path | None:
    """The one table in a folder that may hold its labels: the only one, or the only one that is called after labels or training."""
    names = [name for name in tables_in(folder) if "submission" not in name.lower()]
    named = [name for name in names if "label" in name.lower() or (part_word(Path(name).stem) or ("",))[0] == "train"]
    one = names if len(names) == 1 else named
    return folder / one[0] if len(one) == 1 else None


def read_table(data: str | Path, *, group_by: str | None = None, columns: str = "") -> Parts:
    """The pictures a table lists, in its order; paths are relative to the table's folder, or lie in a folder below or next to it.

    `group_by` names the column whose equal values stay in one part (by default the column `group`, if it exists). `columns` names the
    columns that are meant, as in `path=image_id,label=breed`, and the file of class names: `names=classes.txt`.
    Raises ClearsightError naming the lines whose path, label or file is missing or that contradict each other, UsageError for a table
    whose columns are not clear.
    """
    path, given = Path(data), parse(columns)
    finder = Finder(path.parent, str(path))
    text = _read(path, finder)
    _refuse_values(path, text)
    header = text.header or [str(i + 1) for i in range(max((len(cells) for _, cells in text.rows), default=0))]
    sample = [[_loose(cell) for cell in cells] for _, cells in text.rows]
    chosen = Chooser(str(path), header, sample, finder.share, given, listing=not text.header).choose(group_by)
    rows, notes = _rows(path, text, header, chosen, finder)
    notes = [*_encoded(path), *_said(text, chosen), *notes]
    if "group" in chosen.places and group_by is None:
        notes.insert(0, f"groups are the values of the column {header[chosen.places['group']]!r}")
    if not chosen.one_hot:
        refuse_several(str(path), (row.label for row in rows))
    rows = _distinct(path, rows, notes)
    if empty := _empty_files(path, rows):
        notes.append(f"{len(empty)} empty files (0 bytes), listed but unreadable: {listed(empty, 3)}")
    names, said = names_for(path, sorted({row.label for row in rows}), given.get("names", ""))
    rows = [row._replace(label=clean_label(names.get(row.label, row.label))) for row in rows]
    return _parts(path, rows, "group" in chosen.places, (*notes, *said))


def columns_of(data: Any, columns: str) -> str:
    """`columns` where `data` is a table that has them all, else empty."""
    if not columns or not is_table(data):
        return ""
    path = Path(data)
    have = {plain_name(name) for name in _read(path, Finder(path.parent, str(path))).header}
    return columns if all(plain_name(name) in have for role, name in parse(columns).items() if name and role != "names") else ""


def _refuse_values(path: Path, text: Text) -> None:
    """Raise ClearsightError for a table with the values of pictures in its cells."""
    names = text.header or [str(cell) for cell in (text.rows[0][1] if text.rows else [])]
    values = [name for name in names if _VALUE.fullmatch(name.strip())]
    if len(values) >= _MANY or ((pixels := [name for name in names if name.strip().lower() == "pixels"]) and not values):
        said = f"{len(values)} columns such as {values[-1]!r}" if len(values) >= _MANY else f"the column {pixels[0]!r}"
        raise ClearsightError(
            f"{path} has the values of pictures in {said}, where a table lists files. Save them as arrays: "
            "numpy.savez('data.npz', images=values.reshape(-1, height, width), labels=labels)."
        )


def _encoded(path: Path) -> list[str]:
    """A note where the encoding of a table is an assumption."""
    note = "" if path.suffix.lower() == ".parquet" else encoding(path).note
    return [note] if note else []


def _said(text: Text, chosen: Columns) -> list[str]:
    """Notes on how the columns are read."""
    if text.header:
        return list(chosen.notes)
    roles = ", ".join(f"{column + 1} the {role}" for role, column in sorted(chosen.places.items(), key=lambda place: place[1]))
    return [f"a list without a header: column {roles}", *(note for note in chosen.notes if "folder" in note)]


def _parts(path: Path, rows: list[_Row], grouped: bool, notes: tuple[str, ...]) -> Parts:
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
            groups=objects(row.group for row in every) if grouped else None,
        )
        for part, every in by_part.items()
    }
    return Parts(path.stem, table, parts, notes)


def _read(path: Path, finder: Finder) -> Text:
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        header, rows = _read_parquet(path)
        return Text(header, list(rows))
    return _read_lines(path) if suffix == ".jsonl" else read(path, known, (finder.file, finder.exists, finder.is_file))


def _read_lines(path: Path) -> Text:
    """A table of one JSON object a line, as Hugging Face's metadata.jsonl; raises ClearsightError naming a line of another kind."""
    rows: list[tuple[int, dict[str, Any]]] = []
    for number, line in enumerate(lines(path), 1):
        try:
            value = json.loads(line) if line.strip() else None
        except ValueError as error:
            raise ClearsightError(f"{path}, line {number}: {error}. Every line must be a JSON object.") from error
        if isinstance(value, dict):
            rows.append((number, value))
        elif value is not None:
            raise ClearsightError(f"{path}, line {number}: every line must be a JSON object, not a {type(value).__name__}.")
    header = list(dict.fromkeys(name for _, row in rows for name in row))
    return Text(header, [(number, [row.get(name) for name in header]) for number, row in rows])


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


def _loose(value: Any) -> str:
    """A value as text, empty for a list or a table in a cell."""
    return "" if isinstance(value, list | tuple | dict) else _cell(Path(), 0, value)


def _cell(path: Path, line: int, value: Any, kind: str = "") -> str:
    """A value as text: whole numbers without a point, nothing for NaN; raises ClearsightError for a list or a table in a cell."""
    if kind == "label" and isinstance(value, list | tuple) and len(value) > 1:
        raise several(str(path), listed(value, 4), ",")
    if isinstance(value, list | tuple | dict):
        raise ClearsightError(f"{path}, line {line}: a path, label, part or group must be text or a number, not a {type(value).__name__}.")
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return (value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)).strip()


def _rows(path: Path, text: Text, header: list[str], chosen: Columns, finder: Finder) -> tuple[list[_Row], list[str]]:
    """Rows with every cell checked, and notes; raises ClearsightError naming the lines where a cell or a file is missing."""
    rows = []
    missing: dict[str, list[int]] = {kind: [] for kind in chosen.places}
    unparted = 0
    for line, cells in text.rows:
        if any(str(cell).strip() for cell in cells[len(header) :]):
            raise ClearsightError(
                f"{path}, line {line}: it has {len(cells)} cells and the header {len(header)}. Does one need quotation marks?"
            )
        value = {kind: _cell(path, line, cells[column], kind) if column < len(cells) else "" for kind, column in chosen.places.items()}
        if chosen.one_hot:
            every = [_loose(cell) for cell in cells] + [""] * (len(header) - len(cells))
            value["label"] = one_hot_label(str(path), line, header, chosen.one_hot, every)
        elif "label" not in value:
            value["label"] = os.path.basename(os.path.dirname(value["path"].replace("\\", "/")))
        for kind in chosen.places:
            if not value[kind] and not (kind == "part" and chosen.flag):
                missing[kind].append(line)
        part = part_of_flag(chosen.flag, value["part"]) if chosen.flag else value.get("part", "")
        unparted += not part
        if part and part.lower() not in PART_NAMES:
            raise ClearsightError(f"{path}, line {line}: the part {part!r} is not one of {listed(PART_NAMES)}.")
        part = PART_NAMES[part.lower()] if part else "all"
        rows.append(_Row(line, value["path"], clean_label(value["label"]), part, value.get("group", "")))
    if not rows:
        raise ClearsightError(f"{path} has no row below its header.")
    if unparted == len(rows):  # the column exists, but is empty
        missing.pop("part", None)
    for kind, at in missing.items():
        if at:
            raise ClearsightError(f"{path}: {len(at)} rows have no {kind}, in line {listed(at, 5)}. Add it, or take the rows out.")
    return _located(path, rows, finder)


def _located(path: Path, rows: list[_Row], finder: Finder) -> tuple[list[_Row], list[str]]:
    """The rows with the paths of their files; raises ClearsightError naming the first files that do not exist."""
    paths, notes = finder.locate([row.path for row in rows], [row.label for row in rows])
    if missing := [f"{finder.relative(row.path)} (line {row.line})" for row, found in zip(rows, paths, strict=True) if not found]:
        where = f"Paths are relative to {path.parent.resolve()}."
        raise ClearsightError(f"{path}: {len(missing)} of {len(rows)} files do not exist: {listed(missing, 5)}. {where}")
    return [row._replace(path=finder.relative(found)) for row, found in zip(rows, paths, strict=True)], notes


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
    """The files of 0 bytes."""
    return [row.path for row in rows if os.stat(path.parent / row.path).st_size == 0]
