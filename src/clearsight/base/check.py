"""One line of a report that was checked: what, whether it holds, and in plain words what was found."""

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
        """As in the JSON of the verbs."""
        return dataclasses.asdict(self)
