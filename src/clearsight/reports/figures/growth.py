"""The receptive field grown layer by layer: nested planes of a stack with its weights, or theory and gradient of a network's layers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from ...look.growth import Level, Measured
from ..style import PRINT, Style, styled
from .page import EDGE, GAP, Page, Scale, cut

WIDEST = 16  # units in a row that are drawn one by one
SHEAR, SQUASH = 0.45, 0.42  # of a plane's cell, per row: to the left, and downwards


@styled
def pyramid_figure(title: str, levels: Sequence[Level], channels: int | None = None, *, style: Style = PRINT) -> Figure:
    """One unit of the last layer above all units that it sees of each layer below, and the weights of the stack next to it."""
    page = Page(style, title)
    left = page.inner * 0.52
    tall = page.room - 0.1 if style.slide else 3.4
    widest = max(level.seen for level in levels)
    side = min(left / (widest * (1 + SHEAR)) * 0.98, tall / (len(levels) * 0.5 + widest * SQUASH) * 0.98)
    heights = [level.seen * side * SQUASH for level in levels]
    apart = (tall - heights[0] / 2 - heights[-1] / 2) / (len(levels) - 1)
    centre, top = EDGE + left / 2, page.y
    places = [(centre, top + heights[-1] / 2 + (len(levels) - 1 - k) * apart) for k in range(len(levels))]
    for k in range(len(levels)):
        _plane(page, places[k], levels[k].seen, side, style.series[1 + k % (len(style.series) - 1)], k)
        if k:
            _lines(page, places[k], levels[k].seen, places[k - 1], levels[k - 1].seen, side)
    _table(page, levels, channels, EDGE + left + 0.2, top)
    page.y = top + tall + 0.05
    return page.finish()


def _corners(place: tuple[float, float], count: int, side: float) -> list[tuple[float, float]]:
    """The outline of a plane of `count`×`count` cells."""
    half, (x, y) = count / 2, place
    return [(x + side * (j - SHEAR * i), y + side * SQUASH * i) for i, j in ((-half, -half), (-half, half), (half, half), (half, -half))]


def _plane(page: Page, place: tuple[float, float], count: int, side: float, colour: str, order: int) -> None:
    outline: dict[str, Any] = {"edgecolor": colour, "linewidth": page.style.stroke, "zorder": 3.0 * order + 1}
    page.canvas.add_patch(Polygon(_corners(place, count, side), facecolor=page.style.colour("paper"), **outline))
    page.canvas.add_patch(Polygon(_corners(place, count, side), facecolor=colour, alpha=0.3, **outline))
    if count > WIDEST:
        return
    a, b, c, d = (np.array(corner) for corner in _corners(place, count, side))
    for n in range(1, count):
        for start, stop, other, end in ((a, d, b, c), (a, b, d, c)):
            line = np.array([start + (stop - start) * n / count, other + (end - other) * n / count])
            page.canvas.plot(*line.T, color=colour, linewidth=page.style.stroke / 3, zorder=3.0 * order + 1.5)


def _lines(page: Page, above: tuple[float, float], many: int, below: tuple[float, float], more: int, side: float) -> None:
    """From the corners of what is seen of a layer to those of the layer beneath."""
    pairs = zip(_corners(above, many, side), _corners(below, more, side), strict=True)
    for (x, y), (x2, y2) in pairs:
        page.canvas.plot((x, x2), (y, y2), color=page.style.colour("faint"), linewidth=page.style.stroke / 2, linestyle=":", zorder=0.5)


def _table(page: Page, levels: Sequence[Level], channels: int | None, x: float, y: float) -> None:
    """Each layer in its colour: what the last unit sees of it, what its own unit sees, the weights so far and those of one layer."""
    style = page.style
    room = page.width - EDGE - x
    heads = ("layer", "sees", "weights", "as one")
    columns = [x, x + room * 0.36, x + room * 0.68, x + room]
    line = page.line() * 1.5
    for k, (place, words) in enumerate(zip(columns, heads, strict=True)):
        page.text(place, y, words, "faint", ha="right" if k else "left")
    for k, level in enumerate(reversed(levels)):
        colour = style.series[1 + (len(levels) - 1 - k) % (len(style.series) - 1)]
        weights, single = level.words(channels) if level.layer != "input" else ("", "")
        cells = (level.layer, f"{level.field}×{level.field}" if level.layer != "input" else "", weights, single)
        for n, (place, words) in enumerate(zip(columns, cells, strict=True)):
            page.text(place, y + (k + 1) * line, words, colour if n == 0 else "ink", ha="right" if n else "left")
    end, last = y + (len(levels) + 1.3) * line, levels[-1]
    notes = [
        f"for C = {channels} channels" if channels else "for C channels in each layer",
        f"one layer has {last.single / max(1, last.weights):.2g} times as many",
    ]
    for k, text in enumerate(notes):
        page.text(x, end + k * page.line(), text, "faint")


@styled
def measured_figure(title: str, found: Sequence[Measured], *, trained: bool = True, style: Style = PRINT) -> Figure:
    """A tile for each layer: |gradient| of its central unit on the pixels, the theoretical box around it, both sizes in px."""
    page = Page(style, title, trained)
    columns = min(3, len(found))
    wide = (page.inner - (columns - 1) * GAP * 2) / columns
    rows = -(-len(found) // columns)
    text = 3 * page.line(style.small) + 0.05
    aside = style.slide and rows > 1
    below = page.line() + 0.05
    side = min(wide - 2.0, (page.room - below) / rows - GAP) if aside else min(wide, 4.2, page.room - below - text if style.slide else wide)
    start = page.y
    for k, one in enumerate(found):
        x, y = EDGE + k % columns * (wide + 2 * GAP), start + k // columns * (side + GAP + (0.0 if aside else text))
        _tile(page, one, x, y, side)
        across, down = (x + side + 0.1, y) if aside else (x, y + side + 0.03)
        room = wide - side - 0.1 if aside else wide
        for n, (words, role) in enumerate(zip(_sizes(one, aside), ("ink", "mark", "ink"), strict=True)):
            page.text(across, down + n * page.line(style.small), cut(words, style.small, room), role, style.small)
    page.y = start + rows * (side + GAP + (0.0 if aside else text))
    rest = "" if style.slide else " It ends at the edge of the picture."
    page.paragraph(f"Box: theory. Pixels: measured gradient.{rest}", "faint", style.small, most=1)
    return page.finish()


def _sizes(one: Measured, short: bool) -> tuple[str, str, str]:
    """The layer, the size in theory, and by gradient."""
    top, left, bottom, right = one.box
    theory = f"{'≤ ' if one.status == 'upper bound' else ''}{bottom - top}×{right - left}"
    gradient = "{}×{}".format(*one.extent)
    return (one.layer, theory, gradient) if short else (one.layer, f"theory {theory} px", f"gradient {gradient} px")


def _tile(page: Page, one: Measured, x: float, y: float, side: float) -> None:
    height, width = one.effective.shape
    factor = side / max(height, width)
    page.picture(np.sqrt(one.effective / (one.effective.max() or 1)), x, y, width * factor, height * factor, Scale(None, False, 0, 1))
    top, left, bottom, right = one.box
    low, high, first, last = max(0, top), min(height, bottom), max(0, left), min(width, right)
    box = (x + first * factor, y + low * factor, (last - first) * factor, (high - low) * factor)
    page.box(*box, "none", page.style.colour("mark"), 1.5)
