"""Pictures where their features put them, and the neighbours of one picture."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import hsv_to_rgb, to_hex
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ...look.embedding import Near
from ..style import PRINT, Style, styled
from .page import EDGE, Array, Page, cut, measure
from .sheet import Group, Tile, sheet


def class_colours(classes: int) -> list[str]:
    """As many colours as there are classes, evenly around the circle, every other one darker."""
    return [to_hex(tuple(hsv_to_rgb((i / classes, 0.75, 0.9 if i % 2 else 0.65)))) for i in range(classes)]


@styled
def embedding_figure(
    title: str,
    note: str,
    places: NDArray[np.float64],
    thumbs: Sequence[Array],
    labels: Sequence[int],
    classes: Sequence[str],
    *,
    trained: bool = True,
    style: Style = PRINT,
) -> Figure:
    """Thumbnails RGB uint8 at `places` `(N, 2)`, framed in the colour of their class, with a legend; axes have no unit."""
    page = Page(style, title, trained)
    colours = class_colours(len(classes))
    if not style.slide:
        page.paragraph(note, "faint")
        page.y += 0.06
    wide, tall = (page.inner * 0.68, page.room - page.line() - 0.15) if style.slide else (page.inner, page.inner * 0.86)
    _scatter(page, (EDGE, page.y, wide, tall), places, thumbs, [colours[int(label)] for label in labels])
    if style.slide:
        _legend(page, classes, colours, EDGE + wide + 0.35, page.y, 1, int((tall) / page.line()))
        page.y += tall + 0.12
        page.paragraph(note, "faint", most=1)
    else:
        page.y += tall + 0.1
        columns = max(1, min(6, int(page.inner / (max(min(measure(name, style.text), 1.6) for name in classes) + 0.35))))
        page.y += _legend(page, classes, colours, EDGE, page.y, columns, 100)
    return page.finish()


@styled
def before_after_figure(
    title: str,
    panels: Sequence[tuple[str, str, NDArray[np.float64]]],
    thumbs: Sequence[Array],
    labels: Sequence[int],
    classes: Sequence[str],
    *,
    style: Style = PRINT,
) -> Figure:
    """Two panels of the same pictures: the network's name, a note below and places `(N, 2)`, with one legend."""
    page = Page(style, title)
    colours, gap = class_colours(len(classes)), 0.4
    columns = max(1, min(5, int(page.inner / (max(min(measure(name, style.text), 2.2) for name in classes) + 0.6))))
    legend = min(2, -(-len(classes) // columns)) * page.line() + 0.1 if style.slide else 0.0
    wide = (page.inner - gap) / 2
    tall = page.room - legend - 2 * page.line() - 0.25 if style.slide else wide
    top = page.y
    for k, (name, note, places) in enumerate(panels):
        x = EDGE + k * (wide + gap)
        page.text(x, top, cut(name, style.text, wide))
        _scatter(page, (x, top + page.line() + 0.1, wide, tall), places, thumbs, [colours[int(label)] for label in labels])
        page.text(x, top + page.line() + tall + 0.15, cut(note, style.text, wide), "faint")
    page.y = top + 2 * page.line() + tall + 0.2
    page.y += _legend(page, classes, colours, EDGE, page.y, columns, 2 if style.slide else 100)
    return page.finish()


def _scatter(
    page: Page, room: tuple[float, float, float, float], places: NDArray[np.float64], thumbs: Sequence[Array], colours: Sequence[str]
) -> None:
    """Thumbnails in frames of their colour, in a box of the page: left, top, width, height."""
    left, top, wide, tall = room
    side = float(np.clip(0.53 * wide / len(places) ** 0.5, 0.016 * wide, 0.055 * wide))
    low, high = places.min(0), places.max(0)
    unit = (places - low) / np.where(high > low, high - low, 1)
    frame = 0.012 * (page.style.stroke if page.style.slide else 1.0)
    for thumb, colour, (x, y) in zip(thumbs, colours, unit, strict=True):
        across, down = (side * n / max(thumb.shape[:2]) for n in (thumb.shape[1], thumb.shape[0]))
        at, over = left + x * (wide - across), top + (1 - y) * (tall - down)
        page.box(at - frame, over - frame, across + 2 * frame, down + 2 * frame, colour)
        page.picture(thumb, at, over, across, down)
        page.canvas.images[-1].set_zorder(page.canvas.patches[-1].get_zorder())  # pictures lie beneath boxes otherwise


def _legend(page: Page, classes: Sequence[str], colours: Sequence[str], x: float, y: float, columns: int, rows: int) -> float:
    """Names next to a square of their colour, row by row; returns the height it takes."""
    step, line = (page.width - EDGE - x) / columns, page.line()
    mark, most = 0.7 * page.style.text / 72, rows * columns
    shown = list(classes) if len(classes) <= most else [*classes[: most - 1], f"{len(classes) - most + 1} more"]
    for i, name in enumerate(shown):
        left, top = x + i % columns * step, y + i // columns * line
        named = i < len(classes) and name == classes[i]
        page.box(left, top + 0.2 * line, mark, mark, colours[i] if named else "none")
        page.text(left + 1.5 * mark, top, cut(name, page.style.text, step - 2 * mark))
    return line * -(-len(shown) // columns)


def neighbour_sheet(
    title: str, picture: Array, found: Sequence[Near], thumbs: Sequence[Array], *, trained: bool = True, style: Style = PRINT
) -> Figure:
    """The picture, and those near to it (RGB uint8) with their class and cosine."""
    tiles = [Tile(picture, "the picture", roles=("ink", "faint"))]
    tiles += [Tile(thumb, one.label, None, f"{one.cosine:.3f}", ("ink", "faint")) for one, thumb in zip(found, thumbs, strict=True)]
    group = Group(tiles, note="Below each, its class and the cosine between its features and the picture's.", side=1.0, columns=6)
    return sheet(title, [group], trained=trained, style=style)
