"""One checked line of a report: its name, whether it holds, and the finding in plain words."""

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Check:
    """One line of the report."""

    check: str
    ok: bool
    says: str

    def to_json(self) -> dict[str, Any]:
        """The line in JSON output."""
        return dataclasses.asdict(self)
