"""What every verb returns: a frozen dataclass that can be read as JSON, shown as a table, and saved."""

import csv
import dataclasses
import io
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from .errors import unknown
from .files import write_atomic, write_json
from .text.cells import cell

Row: TypeAlias = Mapping[str, object]  # a line of a table: column → value
SUFFIXES = (".json", ".csv", ".txt")
_DRAWN: dict[tuple[type, str], Callable[[Any, Path], None]] = {}


class Result:
    """The base of the verbs' results; a subclass is a frozen dataclass and gives its `rows`, and its `to_json` where fields do not do."""

    def __repr__(self) -> str:  # of the subclasses with large arrays (`repr=False`)
        return f"{type(self).__name__}({self.headline()})"

    def to_json(self) -> Mapping[str, Any]:
        """The fields as JSON allows them: arrays as lists, paths as text, numbers that are not finite as None."""
        return {field.name: jsonable(getattr(self, field.name)) for field in dataclasses.fields(self)}  # type: ignore[arg-type]

    def headline(self) -> str:
        """The result in one sentence, or ''."""
        return ""

    def rows(self) -> Sequence[Row]:
        """The lines of the table, each a mapping from column to value; by default one for each figure of the JSON."""
        figures = {name: value for name, value in self.to_json().items() if not isinstance(value, (list, dict))}
        return [{"figure": name, "value": value} for name, value in figures.items()]

    def csv(self) -> str:
        """The rows as comma-separated values, with a header."""
        rows, text = self.rows(), io.StringIO()
        writer = csv.DictWriter(text, _columns(rows), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: cell(value) for name, value in row.items()} for row in rows)
        return text.getvalue()

    def table(self) -> str:
        """The headline and the rows as text in columns, for a terminal or a notebook."""
        return "\n\n".join(filter(None, (self.headline(), columns(self.rows()))))

    def save(self, path: str | Path) -> Path:
        """Write the JSON (.json), the rows (.csv) or the table (.txt) to `path`, atomically, and return the path.

        What can be drawn is also saved as a figure (.png, .svg, .pdf) or a page (.html). Raises UsageError for another suffix,
        ClearsightError when it cannot be written.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if draw := _DRAWN.get((type(self), suffix)):
            draw(self, path)
            return path
        if suffix not in SUFFIXES:
            raise unknown("format of a result", suffix or path.name, (*SUFFIXES, *(name for kind, name in _DRAWN if kind is type(self))))
        if suffix == ".json":
            write_json(path, self.to_json())
        else:
            write_atomic(path, self.csv() if suffix == ".csv" else self.table() + "\n")
        return path


Found = TypeVar("Found", bound=Result)


def drawn_by(kind: type[Found], suffixes: Sequence[str], draw: Callable[[Found, Path], None]) -> None:
    """Let `draw(result, path)` save results of this `kind` under `suffixes`: figures and pages are made on a higher floor."""
    _DRAWN.update({(kind, suffix): draw for suffix in suffixes})


def jsonable(value: Any) -> Any:
    """`value` as JSON allows it; results, dataclasses, arrays and tensors within it too."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if hasattr(value, "to_json"):
        return value.to_json()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: jsonable(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): jsonable(one) for key, one in value.items()}
    if hasattr(value, "tolist"):  # an array or a tensor
        return jsonable(value.tolist())
    return [jsonable(one) for one in value] if isinstance(value, (list, tuple)) else str(value)


def columns(rows: Sequence[Row]) -> str:
    """Rows as text: a header, then one line each, numbers to the right."""
    if not rows:
        return ""
    names = _columns(rows)
    lines = [[_shown(row.get(name, "")) for name in names] for row in rows]
    right = [all(isinstance(row.get(name, 0), (int, float)) for row in rows) for name in names]
    widths = [max(map(len, (name, *column))) for name, column in zip(names, zip(*lines, strict=True), strict=True)]
    return "\n".join(
        "  ".join(word.rjust(width) if to else word.ljust(width) for word, width, to in zip(line, widths, right, strict=True)).rstrip()
        for line in (names, *lines)
    )


def _columns(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else f"{value:,}" if type(value) is int else " ".join(str(value).split())
