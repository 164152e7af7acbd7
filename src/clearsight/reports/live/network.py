"""A network layer by layer as a figure that lives: shape and parameters of each, and their sum as it grows."""

from itertools import accumulate
from typing import Any

from ...models.blocks import grouped
from ...models.summary import Layer, Summary
from .page import Live

LEAD = "Layer after layer: the shape of its output, and the numbers that are learnt in it; their sum grows to that of the network."


def live_network(summary: Summary, title: str) -> Live:
    """The layers of a listing in order, to be stepped through; those that run in training only are the last."""
    units = {id(layer): unit for unit, layers in grouped(summary) for layer in layers}
    shown = [layer for layer in summary.rows if layer.listed]
    order = [layer for layer in shown if layer.output] + [layer for layer in shown if not layer.output]
    sums = accumulate(layer.parameters for layer in order)
    rows = [_row(layer, units.get(id(layer), "")) | {"sum": total} for layer, total in zip(order, sums, strict=True)]
    totals = {"parameters": summary.parameters, "auxiliary": summary.auxiliary, "macs": summary.macs, "depth": summary.depth}
    return Live("network", title, LEAD, {"input": list(summary.input_size), "layers": rows, **totals})


def _row(layer: Layer, unit: str) -> dict[str, Any]:
    field = layer.receptive_field()
    seen = {"sees": field["size"], "whole": field["status"] == "whole input"} if field else {}
    return {**layer.to_json(), **seen, "says": layer.says, "shapes": [list(shape) for shape in layer.shapes], "unit": unit}
