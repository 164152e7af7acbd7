"""Columns for people: as wide as their content, and no wider than the terminal."""

import shutil
import sys
from collections.abc import Iterable, Sequence

import click

GAP = 2  # blanks between two columns
LAST = 20  # cells that the last column has at least: before it gets fewer, others are left out


def edge() -> int | None:
    """The columns of the terminal that stdout is; None for a file or a pipe, where nothing is cut."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def fitted(text: str, width: int, *, left: bool = False, right: bool = False) -> str:
    """`text` in `width` cells of a terminal, a wide letter being two: filled with blanks, or cut at its end.

    With `left` it is cut at its beginning, as paths are, whose ends tell them apart; with `right` it is flush right.
    """
    from rich.cells import cell_len, set_cell_size

    missing = width - cell_len(text)
    if missing >= 0:
        return " " * missing + text if right else text + " " * missing
    if not left:
        return set_cell_size(text, width - 1) + "…" if width > 1 else "…"[:width]
    while text and cell_len(text) > width - 1:
        text = text[1:]
    return fitted("…" + text, width)


def print_columns(lines: Sequence[Sequence[str]], right: Iterable[int] = (), less: Sequence[int] = ()) -> None:
    """Print the `lines`, the first of which is the header; columns `right` are flush right.

    On a terminal, where the last column would have too little room, the columns `less` are left out in that order, which stderr says;
    then the last is cut.
    """
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    room, shown, less = edge(), list(range(len(widths))), list(less)
    while room and less and sum(widths[j] + GAP for j in shown[:-1]) + min(LAST, widths[shown[-1]]) > room:
        shown.remove(less.pop(0))
    for i, line in enumerate(lines):
        text = (" " * GAP).join(fitted(line[j], widths[j], right=j in right) for j in shown).rstrip()
        click.secho(fitted(text, room).rstrip() if room and cell_len(text) > room else text, bold=i == 0)
    if len(shown) < len(widths):
        hidden = ", ".join(name for j, name in enumerate(lines[0]) if j not in shown)
        click.echo(f"left out for want of room: {hidden}; a wider terminal, a pipe and --json have them.", err=True)
