"""Rows of a text table: encoding, separator, and whether the first line is a header."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from ...base.errors import ClearsightError
from ...base.text.cells import uncell
from .encoding import encoding

DELIMITERS = ",\t;|"
_LONGEST = 1_000_000  # letters of a line
_SAMPLE = 50  # rows that decide on the separator
_SEPARATOR = re.compile('"?sep=."?')  # Excel's first line; the separator is found without it
Row = tuple[int, list[Any]]  # number of the line it begins in, cells


class Text(NamedTuple):
    """The names of the columns (empty for a list without a header) and the rows."""

    header: list[str]
    rows: list[Row]


def read(path: Path, known: Callable[[list[str]], int], tests: Sequence[Callable[[str], object]]) -> Text:
    """The table in a text file; `known` counts the known names of columns in a line; `tests`, the strictest first, are
    true for the name of a picture.

    The separator is the one that finds the most known names, else the one with the same number of cells in every line. A first line
    that names a picture is no header. Raises ClearsightError naming the line that is damaged.
    """
    firsts = {mark: next(_numbered(path, mark, strict=False), (0, [""]))[1] for mark in DELIMITERS}
    headers = {mark: [cell.strip() for cell in cells] for mark, cells in firsts.items()}
    if not any(map(any, headers.values())):
        raise ClearsightError(f"{path} is empty. A table has a first line such as path,label, and a line for each picture.")
    mark = max(DELIMITERS, key=lambda mark: (known(headers[mark]), len(headers[mark]) > 1 and _even(path, mark)))
    if known(headers[mark]) < 2 and len(headers[mark]) == 1 and (listing := _list(path, known, tests)):
        return listing
    rows = list(_numbered(path, mark))
    if not known(headers[mark]) and any(tests[-1](cell) and _varied(rows, i) for i, cell in enumerate(headers[mark])):
        return Text([], rows)
    return Text(headers[mark], rows[1:])


def _varied(rows: Sequence[Row], column: int) -> bool:
    """Whether most values of a column differ, as names of pictures do: a class called 0 may look like the name of 0.png."""
    values = [cells[column] for _, cells in rows if column < len(cells)]
    return 2 * len(set(values)) > len(values)


def _even(path: Path, mark: str) -> bool:
    """Whether the first lines have equally many cells."""
    return len({len(cells) for _, cells in islice(_numbered(path, mark, strict=False), _SAMPLE)}) == 1


def _list(path: Path, known: Callable[[list[str]], int], tests: Sequence[Callable[[str], object]]) -> Text | None:
    """A list of `path label` or of paths alone, separated by blanks; None if the first line names no picture."""
    every = [(number, line.strip()) for number, line in enumerate(lines(path), 1) if line.strip()]
    if not every:
        return None
    first = every[0][1]
    if known(first.split()) > 1:
        names = first.split()
        return Text(names, [(number, line.rsplit(None, len(names) - 1)) for number, line in every[1:]])
    ways = [[first], first.rsplit(None, 1), first.split()]
    split = next((way for test in tests for way in ways if any(map(test, way))), None)
    if split is None:
        return None
    if len(split) == 1:
        return Text([], [(number, [line]) for number, line in every])
    return Text([], [(number, line.rsplit(None, 1) if split == ways[1] else line.split()) for number, line in every])


def _numbered(path: Path, mark: str, *, strict: bool = True) -> Iterator[Row]:
    """The rows that are not blank, cells between `mark`s, each with the number of the line it begins in."""
    reader = csv.reader(lines(path), delimiter=mark, strict=strict)
    line = 1
    try:
        while (cells := next(reader, None)) is not None:
            if any(cell.strip() for cell in cells):
                yield line, [uncell(cell) for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        raise ClearsightError(f"{path}, line {line}: {error}. Is a quotation mark left open?") from error


def lines(path: Path) -> Iterator[str]:
    """The lines of a text file with their ends, none of them longer than `_LONGEST`."""
    number = 1
    try:
        codec = encoding(path).codec
        with path.open(encoding=codec, newline="") as text:
            while line := text.readline(_LONGEST):
                if number == 1 and _SEPARATOR.fullmatch(line.strip()):
                    line = "\n"
                if "\0" in line:
                    raise ClearsightError(f"{path} is not UTF-8 text (NUL in line {number}). Save it as UTF-8.")
                if len(line) == _LONGEST:
                    raise ClearsightError(f"{path}, line {number}: it is longer than {_LONGEST:,} letters. Is this a table?")
                yield line
                number += 1
    except OSError as error:
        raise ClearsightError(f"cannot read {path}: {error.strerror or error}.") from error
    except UnicodeError as error:
        raise ClearsightError(f"{path} is not {codec.upper()} text (from line {number} on: {error}). Save it as UTF-8.") from error
