"""Look-up in tables of named rows, with one error for unknown names."""

from collections.abc import Mapping
from typing import TypeVar

from .errors import unknown

Row = TypeVar("Row")


def look_up(table: Mapping[str, Row], name: str, kind: str) -> Row:
    """The row called `name`; raises UsageError with similar names for an unknown one."""
    try:
        return table[name]
    except KeyError:
        raise unknown(kind, name, table) from None
