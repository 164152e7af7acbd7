"""A network as the blocks of a drawing: layers with their norm, residual blocks, modules with branches; repeated ones folded.

A block is the outermost module that adds a shortcut or joins branches itself, every other module of its class, and each layer
outside of such modules. Everything is read off the network that `summarise` followed, nothing from a table of architectures.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from .fields import WHOLE
from .summary import Layer, Summary

PLAIN = ("Sequential", "ModuleList", "ModuleDict")  # classes that say nothing about what is inside
ATTACHED = ("BATCH NORM", "LAYER NORM", "GROUP NORM")  # part of the layer before it in a drawing


@dataclass(frozen=True)
class Block:
    """A layer, or a module that adds or joins maps itself; `names` are equal modules that follow each other.

    `kind` is CONV, FC, MAX POOL, AVG POOL, NORM or the module's class; `says` what it does; `output` (C, H, W); `parameters` and
    `macs` those of all `names` together; `sums` and `branches` those of one; `layers` the rows of the first; `idle` whether it runs in
    training only, as an auxiliary head does, and `after` the module whose output it then takes.
    """

    names: tuple[str, ...]
    kind: str
    says: str
    output: tuple[int, ...]
    parameters: int
    macs: int
    sums: int
    branches: bool
    layers: tuple[Layer, ...]
    idle: bool = False
    after: str = ""

    @property
    def times(self) -> int:
        """How many of them follow each other."""
        return len(self.names)

    def to_json(self) -> dict[str, Any]:
        """A block in `look network --json`."""
        plain = {key: getattr(self, key) for key in ("kind", "says", "times", "parameters", "macs", "sums", "branches", "idle", "after")}
        return {"names": list(self.names), "output": list(self.output), **plain}


def blocks(summary: Summary) -> list[Block]:
    """The blocks of a network in the order in which they run, each by itself; those that run in training only are the last."""
    found: list[Block] = []
    for unit, layers in grouped(summary):
        block = _composite(unit, layers, summary) if unit else _single(layers[0])
        if block is not None:
            found.append(block)
        elif found and layers[0].parameters:  # a norm belongs to the layer before it
            found[-1] = replace(found[-1], parameters=found[-1].parameters + layers[0].parameters)
    for layer in summary.rows:
        if layer.output and not layer.name:  # what the network computes outside of its modules, and parameters of its own
            own = replace(layer, sums=0, joins=0)
            if layer.macs or not found:
                found.insert(0, Block(("",), layer.kind, "", layer.output, layer.parameters, layer.macs, 0, False, (own,)))
            else:
                found[0] = replace(found[0], parameters=found[0].parameters + layer.parameters)
    return found + _idle(summary)


def grouped(summary: Summary) -> list[tuple[str, tuple[Layer, ...]]]:
    """The layers that run in evaluation, in order: those of a module that adds or joins together under its name, each other under ""."""
    units = _units(summary)
    found: list[tuple[str, tuple[Layer, ...]]] = []
    for unit, rows in groupby((row for row in summary.rows if row.output and row.name), lambda row: units.get(row.name, "")):
        layers = tuple(rows)
        found += [(unit, layers)] if unit else [("", (layer,)) for layer in layers]
    return found


def folded(every: Sequence[Block]) -> list[Block]:
    """The same with equal neighbours as one: of the same layers and outputs; VGG's first filters of a stage see fewer channels."""

    def key(block: Block) -> tuple[Any, ...]:
        told = tuple((unnumbered(layer.says), layer.output) for layer in block.layers)
        return block.kind, block.output, block.sums, block.idle and block.names, told

    return [_together(list(alike)) for _, alike in groupby(every, key)]


def _together(alike: list[Block]) -> Block:
    names = tuple(name for block in alike for name in block.names)
    return replace(alike[0], names=names, parameters=sum(b.parameters for b in alike), macs=sum(b.macs for b in alike))


def growth(summary: Summary) -> list[tuple[int, float]]:
    """The receptive field (rows, in px) after each layer with weights on the longest way: pairs of depth and size.

    Ends before the layer that sees the whole input.
    """
    widest: dict[int, float] = {}
    for layer in summary.rows:
        seen = layer.field
        if seen is not None and layer.output and seen.depth and seen.status != WHOLE:
            widest[seen.depth] = max(widest.get(seen.depth, 0.0), seen.size[0])
    return sorted(widest.items())


def _units(summary: Summary) -> dict[str, str]:
    """Layer → the block that it belongs to, where that is not the layer itself."""
    joined = [layer for layer in summary.layers if layer.name and (layer.sums or layer.joins)]
    kinds = {layer.kind for layer in joined} - set(PLAIN)
    tops = {layer.name for layer in summary.layers if layer.name and layer.output and (layer.kind in kinds or layer in joined)}
    outermost = {name for name in tops if not any(other != name and name.startswith(other + ".") for other in tops)}
    return {layer.name: top for layer in summary.layers for top in _above(layer.name) if top in outermost}


def _above(name: str) -> Iterator[str]:
    """`a.b.c`, `a.b`, `a`."""
    while name:
        yield name
        name = name.rpartition(".")[0]


def _single(layer: Layer) -> Block | None:
    """A layer as a block; None for an activation, and for a norm, which belongs to the layer before it."""
    kind = re.sub(r"\d+$", "", layer.says.partition(":")[0]) if ":" in layer.says else ""
    if kind in ATTACHED or not (kind or layer.macs):
        return None
    says = _short(layer.says) if kind else ""
    return Block((layer.name,), kind or layer.kind, says, layer.output, layer.parameters, layer.macs, 0, False, (layer,))


def _composite(unit: str, layers: tuple[Layer, ...], summary: Summary) -> Block:
    inside = [layer for layer in summary.layers if unit in _above(layer.name)]
    own = inside[-1]
    kernels = [match[1] for layer in layers if (match := re.match(r"CONV\d+: (?:transposed, )?\d+ (\d+x\d+)", layer.says))]
    says = " ".join(kernels) if len(kernels) <= 4 else f"{len(kernels)} convolutions"
    parameters, macs = sum(layer.parameters for layer in layers), sum(layer.macs for layer in layers)
    sums, branches = sum(layer.sums for layer in inside), any(layer.joins for layer in inside)
    return Block((unit,), own.kind, says.replace("x", "×"), own.output, parameters, macs, sums, branches, layers)


def _idle(summary: Summary) -> list[Block]:
    """What does not run in evaluation, by its first name: `aux1`."""
    rows = [layer for layer in summary.layers if not layer.output]
    found = []
    for name, some in groupby(rows, lambda row: row.name.partition(".")[0]):
        part = tuple(some)
        parameters, after = sum(row.parameters for row in part), summary.sources.get(name, "")
        found.append(Block((name,), "in training only", f"{len(part)} layers", (), parameters, 0, 0, False, part, True, after))
    return found


def unnumbered(says: str) -> str:
    """`CONV: 64 3x3 filters …` of `CONV5: 64 3x3 filters …`."""
    return re.sub(r"^([A-Z ]+)\d+:", r"\1:", says)


def _short(says: str) -> str:
    """`64 of 7×7, stride 2` of `CONV1: 64 7x7 filters at stride 2, pad 3`."""
    words = says.partition(": ")[2].removesuffix(" (class scores)")
    if match := re.match(r"(?:transposed, )?(\d+ )?(\d+x\d+) filters at stride (\S+?)(,|$)", words):
        stride = "" if match[3] == "1" else f", stride {match[3]}"
        return f"{match[1] or ''}{'of ' if match[1] else ''}{match[2]}{stride}".replace("x", "×")
    return words.replace("Normalization layer", "").replace(" neurons", "")
