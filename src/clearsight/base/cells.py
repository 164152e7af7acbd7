"""Cells of a CSV file that a spreadsheet does not take for a formula.

A text that begins with `=`, `+`, `-`, `@`, a tab or a line's end is run by spreadsheets when the file is opened, whatever its quotation
marks. Such a text gets the `'` that spreadsheets have for "this is text"; `uncell` takes it away again, so that nothing is lost.
"""

import re
from collections.abc import Iterable
from typing import Any

# what is after any ' too, so that a name which begins with ' itself comes back as it was
_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]")


def cell(value: Any) -> Any:
    """A value as it is written into CSV: a text that would be a formula with `'` before it, anything else as it is."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def cells(values: Iterable[Any]) -> list[Any]:
    """A row of them."""
    return [cell(value) for value in values]


def uncell(text: str) -> str:
    """The text that `cell` made this of."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
