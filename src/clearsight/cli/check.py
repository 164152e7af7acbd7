"""`clearsight check DATA`."""

import shlex
from typing import TYPE_CHECKING, Any

import click

from .common import READING, data_options, flag, json_option, print_json, quiet_option, show

if TYPE_CHECKING:
    from ..datasets.check import CheckResult
    from ..datasets.dataset import Parts

VALUES = ("channels", "bands", "range")  # settings of how stored values are read


@click.command()
@click.argument("data")
@data_options(*READING, *VALUES)
@click.option(
    "--cache",
    default="auto",
    show_default=True,
    type=click.Choice(("auto", "memory", "disk", "off")),
    help="Where fingerprints of files are kept for the next check (memory, off: nowhere).",
)
@json_option
@quiet_option
@click.pass_context
def check(ctx: click.Context, data: str, reading: dict[str, Any], cache: str, as_json: bool, quiet: bool) -> None:
    """Look through DATA for what would invalidate a result; exit code 1 when something would.

    Unreadable files, exact and near duplicates (across the parts: leakage), one picture under two labels,
    classes that are missing or tiny, blank pictures.
    """
    from ..api.files import check as look
    from ..base.errors import plain
    from ..datasets.open import open_dataset
    from ..reports.check import tables

    parts = open_dataset(data, **{name: value for name, value in reading.items() if name in READING})
    report = look(parts, cache=cache, quiet=quiet, **{name: value for name, value in reading.items() if name in VALUES})
    if as_json:
        print_json(report.to_json())
    else:
        show(*tables(report))
        advice = {**({"leave_out": "unreadable"} if _can_be_left_out(report, parts) else {}), **reading}
        words = ["clearsight", "train", data, *(word for name, value in advice.items() for word in (flag(name), str(value)))]
        click.echo(f"layout  {plain(parts.layout)}\nnext    {plain(shlex.join(words))}")
    ctx.exit(1 if report.poisonous else 0)


def _can_be_left_out(report: "CheckResult", parts: "Parts") -> bool:
    """Whether pictures are unreadable, and every class of a part has others."""
    import numpy as np

    bad = {name for name, _ in report.unreadable}
    for data in parts.parts.values() if bad else ():
        good = np.array([name not in bad for name in data.names], dtype=bool)
        if (data.subset(good).counts()[data.counts() > 0] == 0).any():
            return False
    return bool(bad)
