"""A contact sheet of augmentation: a row for each change, one picture in as many ways."""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.figure import Figure
from torch import Tensor

from ...look.augmented import Tried
from ..style import PRINT, Style
from .maps import rgb
from .sheet import Group, Tile, sheet

SIDE = 0.78
SLIDE_ROWS = 2  # whole rows that a slide has room for


class Row(NamedTuple):
    """A change as written, what it does, the picture uint8 `(C, H, W)`, the changed ones `(n, C, H, W)`, and what it did to the answers."""

    change: str
    meaning: str
    picture: Tensor
    changed: Tensor
    tried: Tried | None = None


def contact_sheet(title: str, rows: Sequence[Row], *, style: Style = PRINT) -> Figure:
    """A row for each change: the picture unchanged, then changed; beneath, what it means for the classifier.

    A slide with more than SLIDE_ROWS changes has one picture for each: that which differs most, and in red what is doubtful.
    """
    if style.slide and len(rows) > SLIDE_ROWS:
        return sheet(title, [Group([_most(row) for row in rows])], style=style)
    groups = []
    for row in rows:
        tiles = [Tile(rgb(row.picture), "original"), *(Tile(rgb(one), "") for one in row.changed)]
        note = row.meaning
        if one := row.tried:
            doubt = "DOUBTFUL: " if one.doubtful else ""
            note += f"; {doubt}confidence {one.before:.0%} to {one.after:.0%}, {one.kept:.0%} of {one.n} correct ones still correct"
        groups.append(Group(tiles, row.change, note, side=SIDE, columns=len(tiles)))
    return sheet(title, groups, style=style)


def _most(row: Row) -> Tile:
    """Of the changed pictures the one that differs most from the picture as it was."""
    amounts = (row.changed.float() - row.picture.float()).abs().flatten(1).mean(1)
    role = "bad" if row.tried and row.tried.doubtful else "faint"
    return Tile(rgb(row.changed[int(amounts.argmax())]), row.change.partition(":")[0], roles=(role, "faint"))
