"""Contact sheets of labels: the likeliest errors, and the pictures to label next."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ...datasets.dataset import Dataset
from ...datasets.survey import survey
from ...images.convert import visible
from ...images.decode import decode
from ...images.deep import Reading
from ...labels.acquisition import LabelSuggestions
from ...labels.label_errors import LabelErrors
from ..style import PRINT, Style
from .sheet import Group, Tile, sheet

SIDE, COLUMNS = 0.82, 7  # inches, tiles in a row
PIXELS = 160  # of the shorter side, at least, that a picture is decoded to


def errors_sheet(found: LabelErrors, title: str, most: int, *, style: Style = PRINT) -> Figure:
    """The first `most` of the ranking: the label they have, and the likely one."""
    tiles = []
    for rank in range(1, min(most, len(found)) + 1):
        row, i = found.row(rank), int(found.order[rank - 1])
        second = f"likely {row['likely']} {row['p_likely']:.0%}" if row["likely"] != row["given"] else "likely correct"
        roles = ("ink", "bad" if row["flagged"] else "faint")
        tiles.append(Tile(_picture(found.pictures, i), f"{rank}. {row['given']}", None, second, roles))
    note = "After the rank, the given label; below it, the likely one, by a model that has not seen the label; red: flagged as an error."
    return _sheet(title, tiles, note, style)


def next_sheet(found: LabelSuggestions, title: str, most: int, *, style: Style = PRINT) -> Figure:
    """The first `most` to label: the classifier's first choice, and its second."""
    tiles = []
    for rank, (one, i) in enumerate(zip(found.wanted[:most], found.places, strict=False), 1):
        second = f"or {one.second} {one.confidence - one.margin:.0%}"
        tiles.append(Tile(_picture(found.data, i), f"{rank}. {one.guess} {one.confidence:.0%}", None, second, ("ink", "faint")))
    return _sheet(title, tiles, "After the rank, the classifier's first choice; below it, its second.", style)


def _sheet(title: str, tiles: Sequence[Tile], note: str, style: Style) -> Figure:
    return sheet(title, [Group(tiles, note=note, side=SIDE, columns=COLUMNS)], style=style)


def _picture(data: Dataset, i: int) -> NDArray[np.uint8]:
    picture = visible(decode(data.source(i), min_side=PIXELS, reading=Reading(survey(data).levels)))
    return np.broadcast_to(picture, (*picture.shape[:2], 3))
