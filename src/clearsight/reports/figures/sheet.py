"""Contact sheets: pictures or maps in rows, each over a line of text."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from matplotlib.figure import Figure

from ..style import PRINT, Style, styled
from .page import EDGE, GAP, Array, Page, Scale, cut, measure

SIDE, SLIDE_SIDE = 0.72, 1.9  # inches of a tile
MORE = 0.15  # inches that a tile gains at least by another row
SLIDE_GROUP = 2.6  # inches that a group on a slide needs at least


class Tile(NamedTuple):
    """A picture `(H, W, 3)` uint8, or numbers `(H, W)` with their scale; the lines beneath it, and the colours of these."""

    pixels: Array
    label: str = ""
    scale: Scale | None = None
    second: str = ""
    roles: tuple[str, str] = ("faint", "faint")


@dataclass
class Group:
    """Tiles under a heading and over a note, with a colour bar where they share a scale."""

    tiles: Sequence[Tile]
    heading: str = ""
    note: str = ""
    bar: Scale | None = None
    unit: str = ""
    side: float = 0.0  # inches of a tile in print
    columns: int = 0


@styled
def sheet(title: str, groups: Sequence[Group], note: str = "", *, trained: bool = True, style: Style = PRINT) -> Figure:
    """Groups under one another; a slide shows the first ones that fit, and says what it leaves out."""
    page = Page(style, title, trained)
    draw_groups(page, groups, note)
    return page.finish()


def draw_groups(page: Page, groups: Sequence[Group], note: str = "", reserve: float = 0.0) -> None:
    """Groups from the cursor down; on a slide `reserve` inches are left below them."""
    if not page.style.slide:
        for group in groups:
            _group(page, group, 0.0)
        if note:
            page.paragraph(note, "faint", page.style.small)
        return
    last = page.line() if note or len(groups) > 1 else 0.0
    shown = groups[: max(1, int((page.room - last - reserve) / SLIDE_GROUP))]
    share = (page.room - last - reserve) / len(shown)
    for group in shown:
        _group(page, group, share)
    left_out = len(groups) - len(shown)
    words = f"{left_out} more in print size" if left_out else note
    if words and page.room - reserve >= page.line():
        page.paragraph(words, "faint", most=1)


def _group(page: Page, group: Group, room: float) -> None:
    style, bottom = page.style, page.y + room
    if group.heading:
        page.paragraph(group.heading, "ink", style.text, most=1 if style.slide else 2)
        page.y += 0.04
    tiles, side, wide, columns, lines = _layout(page, group, room)
    rows = math.ceil(len(tiles) / columns)
    step = side + lines * page.line(style.small) + GAP
    for k, tile in enumerate(tiles):
        x, y = EDGE + k % columns * (wide + GAP), page.y + k // columns * step
        _tile(page, tile, x, y, side, wide)
    page.y += rows * step
    if group.bar and (not style.slide or bottom - page.y > 1.3):
        page.y += 0.02
        page.y += page.colour_bar(EDGE, page.y, min(2.4 if not style.slide else 5.0, page.inner), group.bar, group.unit)
    words = group.note if len(tiles) == len(group.tiles) else f"the first {len(tiles)} of {len(group.tiles)}"
    if words and (not style.slide or page.y + page.line() <= bottom + 0.02):
        page.paragraph(words, "faint", style.small, most=1 if style.slide else 99)
    page.y += GAP / 2


Layout = tuple[Sequence[Tile], float, float, int, int]


def _layout(page: Page, group: Group, room: float) -> Layout:
    """(tiles that are shown, side of a tile and width of a column in inches, columns, lines of text beneath a tile)."""
    tiles, style = group.tiles, page.style
    lines = max((1 if tile.label else 0) + (1 if tile.second else 0) for tile in tiles)
    if style.slide:
        return _slide_layout(page, group, room, lines)
    side = group.side or SIDE
    wide = _column(page, tiles, side)
    columns = min(len(tiles), group.columns or max(8, round(math.sqrt(len(tiles) * 2.5))))
    if group.columns:  # so many in a row, if need be smaller
        wide = min(wide, (page.inner + GAP) / columns - GAP)
    columns = min(columns, max(1, int((page.inner + GAP + 1e-6) / (wide + GAP))))
    return tiles, min(side, wide), wide, columns, lines


def _slide_layout(page: Page, group: Group, room: float, lines: int) -> Layout:
    """As many tiles as fit, in as many rows as make them largest."""
    tiles, best = group.tiles, None
    spare = room - page.line() * (bool(group.heading) + bool(group.note)) - (1.5 if group.bar else 0)
    for rows in range(1, 5):
        side = min(3.6, spare / rows - lines * page.line(page.style.small) - GAP)
        if side < 0.9 and best:
            break
        columns = int((page.inner + GAP) / (_column(page, tiles, side) + GAP))
        while columns * rows < len(tiles) and side > SLIDE_SIDE:
            side -= 0.1
            columns = int((page.inner + GAP) / (_column(page, tiles, side) + GAP))
        side, shown = max(side, 0.5), tiles[: max(1, columns) * rows]
        if best is None or (len(shown), side) > (len(best[0]), best[1] + MORE):
            best = (shown, side, _column(page, tiles, side), math.ceil(len(shown) / rows), lines)
    assert best is not None
    if len(best[0]) < len(tiles) and not group.note:
        return _slide_layout(page, replace(group, note=" "), room, lines)  # for the line that says so
    return best


def _column(page: Page, tiles: Sequence[Tile], side: float) -> float:
    """How wide a column is: the tile, or its words as far as half a tile more."""
    size = page.style.small
    widest = max((measure(words, size) for tile in tiles for words in (tile.label, tile.second) if words), default=0.0)
    return max(side, min(widest + 0.04, 1.7 * side if not page.style.slide else 3.4))


def _tile(page: Page, tile: Tile, x: float, y: float, side: float, wide: float) -> None:
    height, width = tile.pixels.shape[:2]
    factor = side / max(height, width)
    tall, across = height * factor, width * factor
    page.picture(tile.pixels, x + (side - across) / 2 * (width < height), y + (side - tall) / 2, across, tall, tile.scale)
    for i, (words, role) in enumerate(zip((tile.label, tile.second), tile.roles, strict=True)):
        if words:
            page.text(x, y + side + 0.03 + i * page.line(page.style.small), cut(words, page.style.small, wide), role, page.style.small)
