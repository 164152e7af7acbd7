"""`clearsight check DATA`."""

import shlex

import click

from .common import json_option, print_json, quiet_option, show


@click.command()
@click.argument("data")
@click.option("--group-by", default="", help="Pictures of one group stay in one part: a table's column, or 'folder'.")
@click.option("--columns", default="", help="Columns of a table that are meant, as in path=image_id,label=breed; part= for none.")
@click.option("--leave-out", default="", help="Pictures to leave out: a file with a name a line, or 'unreadable'.")
@json_option
@quiet_option
@click.pass_context
def check(
    ctx: click.Context, data: str, group_by: str, columns: str, leave_out: str, as_json: bool, quiet: bool
) -> None:  # fmt: skip
    """Look through DATA for what would invalidate a result; exit code 1 when something would.

    Unreadable files, exact and near duplicates (across the parts: leakage), one picture under two labels,
    classes that are missing or tiny, blank pictures.
    """
    from ..base.errors import plain
    from ..datasets.check import check as look
    from ..datasets.open import open_dataset
    from ..reports.check import tables

    parts = open_dataset(data, group_by=group_by or None, columns=columns, leave_out=leave_out)
    report = look(parts, quiet=quiet)
    if as_json:
        print_json(report.to_json())
    else:
        show(*tables(report))
        leave_out = leave_out or ("unreadable" if report.unreadable else "")
        given = (("--group-by", group_by), ("--columns", columns), ("--leave-out", leave_out))
        words = ["clearsight", "train", data, *(word for name, value in given if value for word in (name, value))]
        click.echo(f"layout  {plain(parts.layout)}\nnext    {plain(shlex.join(words))}")
    ctx.exit(1 if report.poisonous else 0)
