"""`clearsight labels apply DATA`."""

from typing import Any

import click

from ..common import data_options, json_option, print_json, quiet_option, show

SHOWN = 10  # in the terminal


@click.command()
@click.argument("data")
@click.option("--journal", default="", help="The decisions (default: runs/DATA-labels/journal.db, where the studio keeps them).")
@click.option("--out", default="", help="The file to write (default: corrected.csv next to the journal; .npz for pictures in arrays).")
@data_options()
@json_option
@quiet_option
def apply(data: str, journal: str, out: str, reading: dict[str, Any], as_json: bool, quiet: bool) -> None:
    """Write DATA with the labels that were decided in the studio: a table that every verb takes as DATA.

    DATA itself is not touched. Pictures are known by their content and name: a decision about one that has been changed or removed
    is listed, and has no effect.

    \b
      clearsight labels apply photos
      clearsight train runs/photos-labels/corrected.csv
    """
    from ...base.errors import plain
    from ...labels.correction import apply_decisions

    found = apply_decisions(data, journal=journal, out=out, quiet=quiet or as_json, **reading)
    if as_json:
        print_json(found.to_json())
        return
    from rich.table import Table
    from rich.text import Text

    table = Table("picture", "was", "decision", box=None, header_style="bold")
    for one in found.changes[:SHOWN]:
        table.add_row(*(Text(plain(word)) for word in (one.picture, one.was or "–", one.label if one.kind == "label" else one.kind)))
    show(table)
    for gone in found.lost[:SHOWN]:
        click.echo(plain(f"no longer there: {gone.name} ({gone.label or gone.kind})"))
    for left, what in ((len(found.changes) - SHOWN, "decisions"), (len(found.lost) - SHOWN, "that are no longer there")):
        if left > 0:
            click.echo(f"… and {left:,} more {what} (--json has all)")
    click.echo(f"\n{found.headline()}\nfile  {plain(found.path)}")
