"""Escape cells of a CSV file that a spreadsheet would run as formulas.

Spreadsheets run a text that begins with `=`, `+`, `-`, `@`, a tab or a line break, quoted or not. Such a text gets a leading `'`, which
marks text in spreadsheets; `uncell` removes it, so that nothing is lost.
"""

import re
from collections.abc import Iterable
from typing import Any

# after any number of ', so that a name that itself begins with ' is restored
_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]")


def cell(value: Any) -> Any:
    """A value for CSV: text that would be a formula gets a leading `'`, anything else is unchanged."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def cells(values: Iterable[Any]) -> list[Any]:
    """A row of values for CSV."""
    return [cell(value) for value in values]


def uncell(text: str) -> str:
    """The text before `cell`."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
