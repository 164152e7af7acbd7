"""`clearsight look why MODEL PICTURE`."""

from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import click

from ..common import json_option, print_json
from .common import Out, classes_option, npz_option, opened, out_option, seed_option, size_option, write_figure, write_npz

if TYPE_CHECKING:
    from ...look.why import Explanation

WIDE = 80  # letters of a line


@click.command()
@click.argument("model")
@click.argument("picture")
@click.option("--method", default="grad-cam", show_default=True, help="How the map is made; `all` shows every method that applies.")
@click.option("--class", "label", default="", help="The class to explain, by name or number (default: the answer).")
@click.option("--against", default="", help="Why the class and not this one: the map of the difference of their scores.")
@click.option("--layer", default="", help="For methods with cam in their name (default: the last that keeps the picture's places).")
@click.option("--checks/--no-checks", default=True, show_default=True, help="Whether the map is put to the test.")
@size_option
@classes_option
@seed_option
@out_option
@npz_option
@json_option
def why(
    model: str, picture: str, method: str, label: str, against: str, layer: str, checks: bool, size: tuple[int, int, int] | None,
    classes: int | None, seed: int, out: Out | None, npz: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Explain MODEL's answer for PICTURE by a heat map of its pixels, and check whether the map can be trusted.

    Three checks: does covering the hottest pixels lower the class more than covering others (deletion and insertion), does the map
    change with random weights, and with the class? A map that fails a check is called misleading.

    \b
      clearsight look why runs/pets cat.jpg --out why.png
      clearsight look why runs/pets cat.jpg --method integrated --class dog
      clearsight look why runs/pets cat.jpg --against dog
      clearsight look why runs/pets cat.jpg --method all --out all.png
    """
    from ...base.errors import plain
    from ...look.why import Explanation, explain, explain_all

    subject = opened(model, size, classes, seed)
    x = subject.inputs(picture)
    if method == "all":
        asked = explain_all(subject, x, label, layer, checks, against)
    else:
        asked = iter([(method, explain(subject, x, method, label, layer, checks, against))])
    found, reasons = [], {}
    for name, one in asked:
        if isinstance(one, Explanation):
            found.append(one)
            if not as_json:
                _tell(one)
        else:
            reasons[name] = one
            click.echo(plain(f"{name} left out: {one}"), err=True)
    if out:
        from ...reports.figures.explanation import heat_figure, method_sheet

        shown = subject.preprocessing.load(picture)
        if method == "all":
            figure = method_sheet(model, shown, found, trained=subject.trained, style=out.style)
        else:
            figure = heat_figure(subject, shown, found[0], style=out.style)
        write_figure([figure], out)
    write_npz(npz, **{one.method.name: one.heat.cpu().numpy() for one in found})
    if as_json:
        rows = [one.to_json() for one in found]
        print_json({"methods": rows, "left_out": reasons} if method == "all" else rows[0])


def _tell(one: "Explanation") -> None:
    from ...base.errors import plain

    blind = f"; {one.method.blind}" if one.method.blind else ""
    click.echo(plain(f"{one.method.name}  {one.claim}: {one.method.says}{blind}"))
    for check in one.verdict.checks if one.verdict else ():
        text = f"  {'holds' if check.ok else 'FAILS'}  {check.check:<10} {check.says}"
        click.echo(fill(text, WIDE, subsequent_indent=" " * 20))
    if one.failed:
        click.echo("  This map is misleading here: do not show it as the reason.")
