"""`clearsight labels curve DATA`."""

from typing import TYPE_CHECKING

import click

from ..common import data_options, device_option, json_option, print_json, quiet_option, show, style_option

if TYPE_CHECKING:
    from rich.table import Table

    from ...experiments.label_curve import Curve, Point
    from ...reports.style import Style


@click.command()
@click.argument("data")
@click.option("--pretrained", default="", help="Run of `clearsight pretrain` that four of the methods begin with (left out without).")
@click.option("--labels", "amounts", default="10,100,1000", show_default=True, help="Labels of each class, or shares as in 1%.")
@click.option("--seeds", default=3, show_default=True, type=click.IntRange(1), help="Trainings of each kind: the interval is over them.")
@click.option(
    "--methods", default="", help="Only these, as in scratch,augmented,linear,fine-tune,student,student-hog,fixmatch (default: all)."
)
@click.option("--model", default="", help="The network (default: that of --pretrained, else the data's own).")
@click.option("--out", default="", help="Folder of the curve; a bare name goes under runs/ (default: runs/DATA-labels).")
@style_option
@device_option
@json_option
@quiet_option
@data_options()
def curve(
    data: str, pretrained: str, amounts: str, seeds: int, methods: str, model: str, out: str, device: str, as_json: bool, quiet: bool,
    style: "Style", reading: dict[str, str],
) -> None:  # fmt: skip
    """Draw accuracy against the number of labels, for each method for few labels.

    From scratch, from scratch with augmentation, a linear head on pretrained features, all of them fine-tuned, a student that learns
    the tuned network's predictions for all pictures, spread over neighbours by its features or by HOG, and FixMatch. Every training has
    a run folder of its own; its last epoch is evaluated on the test part once, and validation decides nothing. The same command again
    continues an interrupted run, and may add amounts, seeds and methods. Writes curve.json and curve.png.

    \b
      clearsight pretrain fashion-mnist --out features
      clearsight labels curve fashion-mnist --pretrained runs/features
      clearsight labels curve photos --labels 5,20,1% --methods scratch,augmented,fixmatch
    """
    from ...base.errors import plain
    from ...base.files import write_atomic
    from ...experiments.label_curve import METHODS, draw_curve
    from ...reports.figures.label_curve import figure
    from ...reports.saving import saved

    def say(line: str) -> None:
        if not quiet:
            click.echo(plain(line), err=True)

    wanted = [name.strip() for name in methods.split(",") if name.strip()]
    steps = [amount.strip() for amount in amounts.split(",") if amount.strip()]
    settings = {"device": device, **({"model": model} if model else {}), **reading}
    result = draw_curve(data, pretrained=pretrained, amounts=steps, seeds=seeds, methods=wanted, out=out, quiet=quiet, say=say, **settings)
    curves = {METHODS[name].title: rows for name, rows in result.points().items()}
    tested = max(cell.n for cell in result.cells)
    note = f"{tested:,} test pictures; mean over seeds, with its 95 % interval" if seeds > 1 else f"{tested:,} test pictures; one seed"
    path = result.folder / "curve.png"
    write_atomic(path, saved([figure(f"{result.data}: accuracy by number of labels", note, curves, style=style)], ".png"))
    if as_json:
        print_json(result.to_json())
        return
    show(_table(result))
    for line in result.left_out:
        click.echo(plain(f"left out   {line}"))
    click.echo(f"figure     {path}")


def _table(result: "Curve") -> "Table":
    """A row for each method, a column for each number of labels."""
    from rich.table import Table

    from ...experiments.label_curve import METHODS

    points = result.points()
    amounts = sorted({point["labelled"] for rows in points.values() for point in rows})
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("labels", min_width=22)
    for amount in amounts:
        table.add_column(f"{amount:,.0f}", justify="right", no_wrap=True)
    for name, rows in points.items():
        by_amount = {point["labelled"]: point for point in rows}
        table.add_row(METHODS[name].title, *(_told(by_amount[amount]) if amount in by_amount else "–" for amount in amounts))
    return table


def _told(point: "Point") -> str:
    """`82.31 ± 1.20`, or without an interval where there is one seed."""
    value = f"{100 * point['value']:.2f}"
    return f"{value} ± {100 * (point['high'] - point['low']) / 2:.2f}" if point["seeds"] > 1 else value
