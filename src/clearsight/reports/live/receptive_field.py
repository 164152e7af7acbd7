"""The receptive field of a unit, layer by layer, as a figure that lives."""

from typing import Any

from ...models.summary import Summary
from .page import Live

LEAD = "A unit sees a few units of the layer below it; each of these sees a few more, so that the field grows with the depth."


def live_receptive_field(summary: Summary, title: str, layer: str = "") -> Live:
    """Every layer that has rows and columns, to be pointed at; `layer` (default: the last that does not see everything) is chosen first."""
    rows: list[dict[str, Any]] = [
        {**seen, "grid": list(one.output[1:]), "channels": one.output[0], "parameters": one.parameters}
        for one in summary.rows
        if len(one.output) == 3 and (seen := one.receptive_field()) is not None
    ]
    names = [row["layer"] for row in rows]
    last = max((k for k, row in enumerate(rows) if max(row["stride"])), default=len(rows) - 1)  # the head sees everything
    chosen = names.index(layer) if layer in names else last
    return Live("receptive_field", title, LEAD, {"input": list(summary.input_size[1:]), "layers": rows, "chosen": chosen})
