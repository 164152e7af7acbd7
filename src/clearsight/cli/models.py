"""`clearsight models`."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from .columns import print_columns
from .common import json_option, print_json

if TYPE_CHECKING:
    from ..models.facts import Facts
    from ..models.summary import Layer, Summary

SORTS = ("year", "name", "family", "parameters", "stored", "megabytes", "macs", "depth", "top1", "top5")


class Amount(click.ParamType[float]):
    """A number that may end in k, M or G: `25M`."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([kMG]?)", str(value))
        if not found:
            self.fail(f"{value!r} is not a number such as 25000000 or 25M.", param, ctx)
        return float(found[1]) * {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}[found[2]]


class Size(click.ParamType[tuple[int, int, int]]):
    """Height × width × channels, as the lecture writes it: `32x32x3`; channels may be left out."""

    name = "HxWxC"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int, int]:
        """Channels, height, width."""
        found = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})(?:[x×](\d{1,3}))?", str(value))
        if not found:
            self.fail(f"{value!r} is not a size such as 32x32x3 (height, width, channels).", param, ctx)
        return int(found[3] or 3), int(found[1]), int(found[2])


@click.command()
@click.argument("name", nargs=-1)
@click.option("--match", default="", metavar="TEXT", help="Only those with this in their name, family or paper.")
@click.option("--family", default="", help="Only this family.")
@click.option("--max-parameters", type=Amount(), help="Only those with at most so many parameters (25M).")
@click.option("--max-macs", type=Amount(), help="Only those with at most so many multiply-adds at their input size (5G).")
@click.option("--sort", type=click.Choice(SORTS), default="year", show_default=True, help="What to sort by, the smallest first.")
@click.option("--reverse", is_flag=True, help="The largest first.")
@click.option("--input", "size", type=Size(), help="Show NAME at this input size.")
@click.option("--classes", type=click.IntRange(2), help="Show NAME with so many classes.")
@json_option
def models(
    name: tuple[str, ...],
    family: str,
    size: tuple[int, int, int] | None,
    classes: int | None,
    sort: str,
    reverse: bool,
    as_json: bool,
    **limits: Any,
) -> None:
    """List the networks, oldest first; show NAME, which may be a formula, layer by layer.

    Stored are the parameters and the running statistics, as Keras counts; MB are theirs in float32 (2²⁰ bytes); MACs are
    multiply-adds of convolutions, linear layers and attention; depth is the number of layers with weights on the longest way;
    top-1, top-5 and licence are those of the published weights. What a unit of a layer sees of the input is a box of pixels.

    \b
      clearsight models --match keras --sort top1
      clearsight models --max-parameters 5M --sort macs
      clearsight models resnet18
      clearsight models "conv6-5x5" --input 32x32x3
      clearsight models vgg16 resnet50 densenet121
    """
    from ..base.errors import UsageError, unknown
    from ..models import FAMILIES, facts
    from ..weights.fetch import published

    if len(name) == 1:
        _show_one(name[0], size, classes, as_json)
        return
    if size or classes:
        raise UsageError("--input and --classes show ONE network: give its name.")
    families = {one.__name__.rpartition(".")[2] for one in FAMILIES}
    if family and family not in families:
        raise unknown("family of networks", family, sorted(families))
    limits["family"] = family
    rows = [facts.facts(one) for one in name] if name else facts.every()
    rows = [row for row in rows if _wanted(row, **limits)]
    known = {row.name: {**row.to_json(), **published(row.name)} for row in rows}
    order = sorted(known.values(), key=lambda row: (row[sort] is not None and row[sort], row["name"]), reverse=reverse)
    order.sort(key=lambda row: row[sort] is None)  # what has none is last either way
    if as_json:
        print_json(order)
    else:
        print_columns(_table(order), right=(1, 2, 3, 4, 5, 6, 8, 9), less=(3, 10, 9, 4, 6, 7))
        if not order:
            click.echo("no network is like that.", err=True)


def _wanted(row: "Facts", match: str, family: str, max_parameters: float | None, max_macs: float | None) -> bool:
    return (
        match.lower() in f"{row.name} {row.family} {row.paper}".lower()
        and family in ("", row.family)
        and row.parameters <= (max_parameters or row.parameters)
        and row.macs <= (max_macs or row.macs)
    )


def _table(rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    lines = [["name", "year", "parameters", "stored", "MB", "MACs", "depth", "input", "top-1", "top-5", "licence", "paper"]]
    for row in rows:
        accuracy = [f"{row[key]:.1%}" if row[key] else "" for key in ("top1", "top5")]
        counts = [f"{row['parameters']:,}", f"{row['stored']:,}", f"{row['megabytes']:,.1f}", _short(row["macs"])]
        lines.append(
            [
                row["name"],
                str(row["year"] or ""),
                *counts,
                str(row["depth"]),
                "×".join(str(n) for n in row["input_size"]),
                *accuracy,
                row["licence"] or "",
                row["paper"],
            ]
        )
    return lines


def _short(number: float) -> str:
    """`4.09 G`."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return str(number)


def _show_one(name: str, size: tuple[int, int, int] | None, classes: int | None, as_json: bool) -> None:
    from ..models import facts
    from ..weights.fetch import of_network, published
    from ..weights.licence import told

    summary = facts.summary(name, size, classes)
    if as_json:
        known = facts.facts(name, summary).to_json()
        layers = [{**layer.to_json(), **(layer.receptive_field() or {}), "says": layer.says} for layer in summary.rows]
        weights = [
            {"origin": row.tagged, "licence": row.licence, "checked": row.check, "mib": row.mib, "at_hand": row.here is not None}
            for row in of_network(name)
        ]
        print_json([{**known, **published(name), "weights": weights, "layers": layers}])
        return
    print_columns(listing(summary), right=(1, 2, 3), less=(4, 3))
    megabytes = summary.stored * 4 / 2**20
    counts = f"{summary.parameters:,} parameters, {megabytes:,.1f} MB, {summary.macs:,} multiply-adds"
    click.echo(f"\n{counts}; {summary.depth} layers with weights deep.")
    for row in of_network(name):
        top1 = f", top-1 {row.top1:.1%}" if row.top1 else ""
        where = "at hand" if row.here else row.source
        click.echo(f"weights {row.tagged}: {told(row.licence)}{top1}, {row.mib:,.0f} MiB, {where}; checked by {row.check}")


def listing(summary: "Summary") -> list[list[str]]:
    """The lecture's listing: `[55x55x96] CONV1: 96 11x11 filters at stride 4, pad 0`, with numbers next to it."""
    channels, height, width = summary.input_size
    lines = [["layer", "parameters", "MACs", "sees", "name"], [f"[{height}x{width}x{channels}] INPUT", "", "", "", ""]]
    for layer in listed(summary):
        counts = [f"{n:,}" if n else "" for n in (layer.parameters, layer.macs)]
        lines.append([f"[{_shape(layer.output)}] {layer.says}", *counts, _sees(layer), layer.name])
    return lines


def listed(summary: "Summary") -> "list[Layer]":
    """The layers that a listing shows: those that are one kind of operation, or that have something of their own."""
    return [layer for layer in summary.rows if ":" in layer.says or layer.parameters or layer.macs]


def _shape(output: tuple[int, ...]) -> str:
    """Rows, columns, channels, as the lecture writes it."""
    return "x".join(str(n) for n in ((*output[1:], output[0]) if len(output) == 3 else output)) or "-"


def _sees(layer: "Layer") -> str:
    seen = layer.receptive_field()
    if seen is None:
        return "nothing"
    box = "×".join(f"{n:.10g}" for n in seen["size"])
    return {"exact": box, "whole input": "all", "upper bound": f"≤ {box}"}[seen["status"]]
