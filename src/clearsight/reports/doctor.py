"""A doctor's diagnosis as a table for people: a line for each check, with the option to change."""

from rich.table import Table
from rich.text import Text

from ..base.errors import plain
from ..training.api import Diagnosis

COLOURS = {"good": "green", "look at this": "yellow", "stop": "bold red"}


def table(found: Diagnosis) -> Table:
    """Verdict, check, what was measured, and the option to change, to print."""
    shown = Table("verdict", "check", "measured", box=None, header_style="bold", pad_edge=False)
    shown.columns[0].no_wrap = shown.columns[1].no_wrap = True
    for finding in found.findings:
        words = plain(finding.words) + (f" → {plain(finding.option)}" if finding.option else "")
        shown.add_row(Text(finding.verdict, style=COLOURS[finding.verdict]), Text(finding.check), Text(words))
    return shown
