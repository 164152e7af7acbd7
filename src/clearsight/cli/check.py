"""`clearsight check DATA`."""

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
    from ..datasets.check import check as look
    from ..datasets.open import open_dataset
    from ..reports.check import tables

    report = look(open_dataset(data, group_by=group_by or None, columns=columns, leave_out=leave_out), quiet=quiet)
    if as_json:
        print_json(report.to_json())
    else:
        show(*tables(report))
    ctx.exit(1 if report.poisonous else 0)
