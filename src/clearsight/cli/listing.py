"""The lecture's listing of a network, layer by layer, with equal neighbouring blocks as one."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..models.summary import Layer, Summary

HEADER = ["layer", "parameters", "MACs", "sees", "name"]
Row = tuple[list[str], "Layer | None"]


def listing(summary: "Summary", every: bool = False) -> list[list[str]]:
    """The lecture's listing: `[55x55x96] CONV1: 96 11x11 filters at stride 4, pad 0`, with numbers next to it.

    Modules that add or join maps are under a heading, equal neighbours once, and the norm is in the row of its layer; `every` lists
    each layer by itself.
    """
    return [line for line, _ in rows(summary, every)]


def rows(summary: "Summary", every: bool = False) -> list[Row]:
    """The lines of the listing, each with its layer, if it is of one."""
    channels, height, width = summary.input_size
    first: list[Row] = [(HEADER, None), ([f"[{height}x{width}x{channels}] INPUT", "", "", "", ""], None)]
    return first + ([_line(layer) for layer in listed(summary)] if every else list(_folded(summary)))


def listed(summary: "Summary") -> "list[Layer]":
    """The layers that a listing shows: those that are one kind of operation, or that have something of their own."""
    return [layer for layer in summary.rows if layer.listed]


def _folded(summary: "Summary") -> Iterator[Row]:
    from ..models.blocks import blocks, grouped, unnumbered

    every = {block.names[0]: block for block in blocks(summary)}

    def key(group: "tuple[str, Sequence[Layer]]") -> tuple[object, bool]:
        unit, layers = group
        return unit and (every[unit].kind, *((unnumbered(layer.says), layer.output, layer.parameters) for layer in layers)), not unit

    for (told, _), alike in groupby(grouped(summary), key):
        groups = list(alike)
        if told:
            block, names = every[groups[0][0]], [unit for unit, _ in groups]
            sums = ", residual sum" if block.sums == 1 else f", {block.sums} residual sums" if block.sums else ""
            times, joined = f" ×{len(names)}" if len(names) > 1 else "", ", branches joined" if block.branches else ""
            heading = f"{names[0]}: {block.kind}{times}{sums}{joined}"
            yield [heading, "", "", "", f"{names[0]} to {names[-1]}" if len(names) > 1 else names[0]], None
            yield from _merged([layer for layer in groups[0][1] if layer.listed], "  ")
        else:
            yield from _merged([layer for _, layers in groups for layer in layers if layer.listed], "")
    yield from (_line(layer) for layer in summary.rows if layer.output and not layer.name)
    for block in every.values():
        if block.idle:
            after = f" after {block.after}" if block.after else ""
            yield (
                [f"not run in evaluation{after}: {len(block.layers)} layers", f"{block.parameters:,}", "", "nothing", block.names[0]],
                None,
            )


def _merged(layers: "Sequence[Layer]", indent: str) -> Iterator[Row]:
    """The lines of layers, a batch norm in that of its convolution, whose name is the lecture's."""
    before: Row | None = None
    for layer in layers:
        if before and before[1] and layer.says.startswith("BATCH NORM") and re.match(r"CONV\d+:", before[1].says):
            line = [before[0][0] + ", BN", f"{before[1].parameters + layer.parameters:,}", *before[0][2:]]
            yield line, before[1]
            before = None
            continue
        if before:
            yield before
        before = _line(layer, indent)
    if before:
        yield before


def _line(layer: "Layer", indent: str = "") -> Row:
    counts = [f"{n:,}" if n else "" for n in (layer.parameters, layer.macs)]
    return [f"{indent}[{_shape(layer.output)}] {layer.says}", *counts, _sees(layer), layer.name], layer


def _shape(output: tuple[int, ...]) -> str:
    """Rows, columns, channels, as the lecture writes it."""
    return "x".join(str(n) for n in ((*output[1:], output[0]) if len(output) == 3 else output)) or "-"


def _sees(layer: "Layer") -> str:
    seen = layer.receptive_field()
    if seen is None:
        return "nothing"
    box = "×".join(f"{n:.10g}" for n in seen["size"])
    return {"exact": box, "whole input": "all", "upper bound": f"≤ {box}"}[seen["status"]]


def totals(summary: "Summary") -> str:
    """`62,378,344 parameters, 238.0 MB, …`; what runs in training only is counted apart."""
    from ..models.blocks import blocks

    idle = [block.names[0] for block in blocks(summary) if block.idle]
    apart = f" ({', '.join(idle)}, not run in evaluation: another {summary.auxiliary:,})" if idle else ""
    megabytes = summary.stored * 4 / 2**20
    sums = f", {summary.residual_sums} residual sum{'' if summary.residual_sums == 1 else 's'}" if summary.residual_sums else ""
    return (
        f"{summary.parameters - summary.auxiliary:,} parameters{apart}, {megabytes:,.1f} MB, {summary.macs:,} multiply-adds; "
        f"{summary.depth} layer{'' if summary.depth == 1 else 's'} with weights deep{sums}."
    )
