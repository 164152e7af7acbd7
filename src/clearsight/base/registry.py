"""Tables of named rows: one way to look a name up, one way to be told that it is not there."""

from collections.abc import Mapping
from typing import TypeVar

from .errors import unknown

Row = TypeVar("Row")


def look_up(table: Mapping[str, Row], name: str, kind: str) -> Row:
    """The row called `name`; raises UsageError with near names when there is none."""
    try:
        return table[name]
    except KeyError:
        raise unknown(kind, name, table) from None
