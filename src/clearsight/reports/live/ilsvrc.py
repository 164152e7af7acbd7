"""ILSVRC's winners as a figure that lives: the top-5 error from year to year, with its source."""

from typing import Any

from ...models.history import HUMAN, HUMAN_SOURCE, ILSVRC, SECOND, Winner
from .page import Live

LEAD = "Top-5 error: the share of pictures whose label is not among the network's five best guesses. Step from winner to winner."


def live_ilsvrc() -> Live:
    """The winners of 2010 to 2017, and the error of a person."""
    rows = [_row(row, ILSVRC[max(k - 1, 0)]) for k, row in enumerate(ILSVRC)]
    human = {"error": HUMAN, "source": HUMAN_SOURCE}
    return Live("ilsvrc", "ILSVRC: top-5 error of the winners", LEAD, {"rows": rows, "second": _row(SECOND, SECOND), "human": human})


def _row(row: Winner, before: Winner) -> dict[str, Any]:
    """A winner, with the share of the error of the year before that is left."""
    return {**row._asdict(), "left": row.error / before.error}
