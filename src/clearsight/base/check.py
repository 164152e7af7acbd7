"""One checked line of a report: its name, whether it holds, and the finding in plain words."""

from dataclasses import dataclass
from typing import TypedDict


class CheckRow(TypedDict):
    """The line in JSON output."""

    check: str
    ok: bool
    says: str


@dataclass(frozen=True)
class Check:
    """One line of the report."""

    check: str
    ok: bool
    says: str

    def to_json(self) -> CheckRow:
        """The line in JSON output."""
        return {"check": self.check, "ok": self.ok, "says": self.says}
