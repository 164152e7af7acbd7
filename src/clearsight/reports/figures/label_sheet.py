"""A contact sheet: pictures in rows, each over two lines of what is said of it."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ...datasets.dataset import Dataset
from ...images.decode import decode
from ...labels.acquisition import LabelSuggestions
from ...labels.label_errors import LabelErrors
from .canvas import FAINT, INK, LACKING, PAPER, font, tile, write

SIDE, GAP, EDGE, COLUMNS = 112, 14, 18, 10
ABOVE, BENEATH = 16, 34  # px of words
RED = (176, 42, 30)

Tile = tuple[NDArray[np.uint8], str, str, tuple[int, int, int]]


def errors_sheet(found: LabelErrors, title: str, most: int) -> Image.Image:
    """The first `most` of the ranking: the label they have, and the likely one."""
    tiles = []
    for rank in range(1, min(most, len(found)) + 1):
        row, i = found.row(rank), int(found.order[rank - 1])
        second = f"likely {row['likely']} {row['p_likely']:.0%}" if row["likely"] != row["given"] else "likely right"
        tiles.append((_picture(found.pictures, i), f"given {row['given']}", second, RED if row["flagged"] else INK))
    return _sheet(title, "by a model that has not seen the label; red: confidently of another class", tiles)


def next_sheet(found: LabelSuggestions, title: str, most: int) -> Image.Image:
    """The first `most` to label: what they are taken for, and what else they could be."""
    pairs = zip(found.wanted[:most], found.places, strict=False)
    tiles = [
        (
            _picture(found.data, i),
            f"guess {one.guess} {one.confidence:.0%}",
            f"or {one.second} {one.confidence - one.margin:.0%}",
            INK,
        )
        for one, i in pairs
    ]
    return _sheet(title, "the classifier's first choice, and its second", tiles)


def _picture(data: Dataset, i: int) -> NDArray[np.uint8]:
    return np.asarray(decode(data.source(i), channels=3, min_side=SIDE), dtype=np.uint8)


def _sheet(title: str, note: str, tiles: Sequence[Tile]) -> Image.Image:
    columns = min(COLUMNS, max(4, len(tiles)))
    rows = math.ceil(len(tiles) / columns)
    width = max(2 * EDGE + columns * (SIDE + GAP) - GAP, *(2 * EDGE + _width(words, size) for words, size in ((title, 17), (note, 12))))
    image = Image.new("RGB", (width, 70 + rows * (ABOVE + SIDE + BENEATH + GAP)), PAPER)
    draw = ImageDraw.Draw(image)
    write(draw, (EDGE, 12), title, INK, 17)
    write(draw, (EDGE, 38), note, FAINT, 12)
    for k, (picture, first, second, ink) in enumerate(tiles):
        x, y = EDGE + k % columns * (SIDE + GAP), 64 + ABOVE + k // columns * (ABOVE + SIDE + BENEATH + GAP)
        write(draw, (x, y - ABOVE), str(k + 1), FAINT, 12)
        shown = tile(picture, SIDE)
        image.paste(shown, (x + (SIDE - shown.width) // 2, y + (SIDE - shown.height) // 2))
        for line, (words, colour) in enumerate(((first, INK), (second, ink if ink != INK else FAINT))):
            write(draw, (x, y + SIDE + 2 + 15 * line), _cut(words, SIDE + GAP - 4), colour, 12)
    return image


def _cut(words: str, width: int) -> str:
    """The words, or as much of them as fits."""
    if _width(words, 12) <= width:
        return words
    while words and _width(words + "..", 12) > width:
        words = words[:-1]
    return words.rstrip() + ".."


def _width(words: str, size: int) -> int:
    return math.ceil(font(size).getlength(words.translate(LACKING)))
