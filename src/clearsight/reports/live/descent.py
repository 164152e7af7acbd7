"""The line of descent as a figure that lives."""

from ...models.history import DESCENT
from .page import Live

LEAD = "From cells that answer to edges, by a filter at all places and learning by back-propagation, to the networks of today."


def live_descent() -> Live:
    """Every station, in the order of the years."""
    rows = [
        {
            "key": one.key,
            "label": one.label,
            "year": one.year,
            "after": one.after,
            "idea": one.idea,
            "network": one.network,
            "source": one.source,
        }
        for one in sorted(DESCENT, key=lambda one: one.year)
    ]
    return Live("descent", "From simple cells to ConvNeXt", LEAD, {"stations": rows})
