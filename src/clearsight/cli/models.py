"""`clearsight models`."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from .columns import print_columns
from .common import json_option, print_json
from .history import TABLES, show_table
from .listing import listing, totals
from .look.common import Out, asked_out_option, write_figure
from .sizes import Amount, Size

if TYPE_CHECKING:
    from ..models.facts import Facts

SIDES = 4  # networks that fit next to each other
SORTS = ("year", "name", "family", "parameters", "stored", "megabytes", "macs", "depth", "top1", "top5")


@click.command()
@click.argument("name", nargs=-1)
@click.option("--match", default="", metavar="TEXT", help="Only those with this in their name, family or paper.")
@click.option("--family", default="", help="Only this family.")
@click.option("--max-parameters", type=Amount(), help="Only those with at most so many parameters (25M).")
@click.option("--max-macs", type=Amount(), help="Only those with at most so many multiply-adds at their input size (5G).")
@click.option("--sort", type=click.Choice(SORTS), help="What to sort by, the smallest first (default: the year; NAMES as they are given).")
@click.option("--reverse", is_flag=True, help="The largest first.")
@click.option("--input", "size", type=Size(), help="Show NAME at this input size.")
@click.option("--classes", type=click.IntRange(2), help="Show NAME with so many classes.")
@click.option("--ilsvrc", "table", flag_value="ilsvrc", help="The winners of ImageNet's challenge instead, 2010 to 2017, with sources.")
@click.option("--descent", "table", flag_value="descent", help="Who builds on whom instead, from the visual cortex to ConvNeXt.")
@click.option(
    "--table",
    type=click.Choice(tuple(TABLES)),
    help="One of these tables instead; keras has the lecture's 26 models, softmax the parameters of softmax regression.",
)
@click.option("--unfold", is_flag=True, help="Show every layer of NAME by itself, also those of equal blocks.")
@asked_out_option
@json_option
def models(
    name: tuple[str, ...],
    family: str,
    size: tuple[int, int, int] | None,
    classes: int | None,
    sort: str | None,
    reverse: bool,
    table: str | None,
    unfold: bool,
    out: Out | None,
    as_json: bool,
    **limits: Any,
) -> None:
    """List the networks, oldest first; show NAME, which may be a formula, layer by layer; compare several.

    With --out NAME is drawn as blocks, and several are compared: counts, and the receptive field by depth. As .html a network can be
    stepped through, its parameters summed layer by layer, and the winners of ILSVRC from year to year.
    Stored are the parameters and the running statistics, as Keras counts; MB are theirs in float32 (2²⁰ bytes); MACs are
    multiply-adds of convolutions, linear layers and attention; depth is the number of layers with weights on the longest way;
    top-1, top-5 and licence are those of the published weights. What a unit of a layer sees of the input is a box of pixels.

    \b
      clearsight models --match keras --sort top1
      clearsight models --max-parameters 5M --sort macs
      clearsight models resnet18
      clearsight models "conv6-5x5" --input 32x32x3
      clearsight models vgg16 resnet50 densenet121
      clearsight models --ilsvrc --out winners.svg
      clearsight models --table keras
    """
    from ..base.errors import UsageError

    if table:
        if name:
            raise UsageError(f"a table has its own networks: leave {' '.join(name)} out.")
        show_table(table, out, as_json)
        return
    if len(name) == 1:
        _show_one(name[0], size, classes, unfold, as_json, out)
        return
    if size or classes:
        raise UsageError("--input and --classes show ONE network: give its name.")
    order = _ordered(_rows(name, family=family, **limits), sort or ("" if name else "year"), reverse)
    if out:
        _compare([row["name"] for row in order], out)
    if as_json:
        print_json(order)
    elif name and 0 < len(order) <= SIDES:
        print_columns(_sides(order), right=range(1, len(order) + 1))
    else:
        print_columns(_table(order), right=(1, 2, 3, 4, 5, 6, 8, 9), less=(3, 10, 9, 4, 6, 7))
        if not order:
            click.echo("no network is like that.", err=True)


def _rows(name: Sequence[str], family: str, **limits: Any) -> list[dict[str, Any]]:
    """The facts of the networks NAME, or of all, within the limits."""
    from ..base.errors import unknown
    from ..models import FAMILIES, facts
    from ..weights.fetch import published

    families = {one.__name__.rpartition(".")[2] for one in FAMILIES}
    if family and family not in families:
        raise unknown("family of networks", family, sorted(families))
    rows = [facts.facts(one) for one in name] if name else facts.every()
    found = {row.name: row for row in rows if _wanted(row, family=family, **limits)}
    return [{**row.to_json(), **published(row.name)} for row in found.values()]


def _ordered(rows: list[dict[str, Any]], sort: str, reverse: bool) -> list[dict[str, Any]]:
    """The rows by a column, those that have nothing there at the end; as they are without one."""
    if not sort:
        return rows[::-1] if reverse else rows
    rows = sorted(rows, key=lambda row: (row[sort] is not None and row[sort], row["name"]), reverse=reverse)
    return sorted(rows, key=lambda row: row[sort] is None)


def _compare(names: Sequence[str], out: Out) -> None:
    from ..base.errors import UsageError
    from ..models import facts
    from ..reports.figures.network import comparison_figure

    if not 1 < len(names) <= SIDES:
        raise UsageError(f"--out draws one network, or compares 2 to {SIDES}. Got {len(names)}: give their names.")
    write_figure([comparison_figure([(name, facts.summary(name)) for name in names], style=out.style)], out)


def _wanted(row: "Facts", match: str, family: str, max_parameters: float | None, max_macs: float | None) -> bool:
    return (
        match.lower() in f"{row.name} {row.family} {row.paper}".lower()
        and family in ("", row.family)
        and row.parameters <= (max_parameters or row.parameters)
        and row.macs <= (max_macs or row.macs)
    )


def _sides(rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """A few networks next to each other, a line for each fact."""

    def line(title: str, told: Callable[[Mapping[str, Any]], str]) -> list[str]:
        return [title, *(told(row) for row in rows)]

    lines = [
        line("", lambda row: row["name"]),
        line("year", lambda row: str(row["year"] or "")),
        line("input", lambda row: "×".join(str(n) for n in row["input_size"])),
        line("parameters", lambda row: f"{row['parameters'] - row['auxiliary']:,}"),
        line("not run in evaluation", lambda row: f"{row['auxiliary']:,}"),
        line("MB", lambda row: f"{row['megabytes']:,.1f}"),
        line("multiply-adds", lambda row: _short(row["macs"])),
        line("depth", lambda row: str(row["depth"])),
        line("residual sums", lambda row: str(row["residual_sums"])),
        line("largest field, px", lambda row: str(row["largest_field"] or "all")),
        line("top-1", lambda row: f"{row['top1']:.1%}" if row["top1"] else ""),
        line("top-5", lambda row: f"{row['top5']:.1%}" if row["top5"] else ""),
    ]
    return [one for one in lines if one[0] != "not run in evaluation" or any(row["auxiliary"] for row in rows)]


def _table(rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    lines = [["name", "year", "parameters", "stored", "MB", "MACs", "depth", "input", "top-1", "top-5", "licence", "paper"]]
    for row in rows:
        accuracy = [f"{row[key]:.1%}" if row[key] else "" for key in ("top1", "top5")]
        counts = [f"{row['parameters'] - row['auxiliary']:,}", f"{row['stored']:,}", f"{row['megabytes']:,.1f}", _short(row["macs"])]
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


def _show_one(name: str, size: tuple[int, int, int] | None, classes: int | None, unfold: bool, as_json: bool, out: Out | None) -> None:
    from ..models import facts
    from ..weights.fetch import of_network, published
    from ..weights.licence import told

    summary = facts.summary(name, size, classes)
    if out:
        from ..reports.figures.network import network_figure
        from ..reports.live.network import live_network

        write_figure([network_figure(name, summary, style=out.style)], out, lambda: live_network(summary, name))
    if as_json:
        from ..models.blocks import blocks, folded

        known = facts.facts(name, summary).to_json()
        layers = [{**layer.to_json(), **(layer.receptive_field() or {}), "says": layer.says} for layer in summary.rows]
        weights = [row.to_json() for row in of_network(name)]
        drawn = [block.to_json() for block in folded(blocks(summary))]
        print_json([{**known, **published(name), "weights": weights, "blocks": drawn, "layers": layers}])
        return
    print_columns(listing(summary, unfold), right=(1, 2, 3), less=(4, 3, 2))
    click.echo(f"\n{totals(summary)}")
    for row in of_network(name):
        top1 = f", top-1 {row.top1:.1%}" if row.top1 else ""
        where = "at hand" if row.here else row.source
        click.echo(f"weights {row.tagged}: {told(row.licence)}{top1}, {row.mib:,.0f} MiB, {where}; checked by {row.check}")
