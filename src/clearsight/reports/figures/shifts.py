"""Accuracy by shift: a square for each, the unshifted pictures at the centre, one network next to another."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from ...evaluation.shifts import Shifts
from ..style import PRINT, Style, styled
from .page import EDGE, Page, Scale, cut

BETWEEN = 0.45


@styled
def shift_figure(title: str, found: Sequence[Shifts], *, style: Style = PRINT) -> Figure:
    """Squares in the colours of the accuracy from 0 to 1, with the number and, where there is room, its 95 % interval."""
    page = Page(style, title)
    column = (page.inner - BETWEEN * (len(found) - 1)) / max(2, len(found))
    beneath = 2.2 * page.line()
    side = min(column, page.room - 2 * page.line() - beneath if style.slide else 3.2)
    top = page.y
    for k, one in enumerate(found):
        x = EDGE + k * (column + BETWEEN)
        page.text(x, top, cut(one.name, style.text, column), "ink")
        _grid(page, one, x, top + page.line() + 0.05, side)
        words = f"as it is {one.unshifted['top1']:.1%}, shifted {one.mean:.1%}".replace("%", " %")
        page.text(x, top + page.line() + side + 0.12, cut(words, style.text, column), "ink")
    page.y = top + 2 * page.line() + side + 0.2
    steps = found[0].by
    page.paragraph(f"accuracy by shift of up to {steps} px: up, down, left, right; the centre is not shifted", "faint", style.small, most=2)
    return page.finish()


def _grid(page: Page, found: Shifts, x: float, y: float, side: float) -> None:
    scale, count = Scale(None, False, 0.0, 1.0), len(found.grid)
    cell = side / count
    for i, row in enumerate(found.grid):
        for j, share in enumerate(row):
            rgb = scale.rgb(np.array([[share["top1"]]]))[0, 0]
            ink = "#ffffff" if float(np.dot(rgb, (0.299, 0.587, 0.114))) < 130 else "#14171c"
            middle = i == j == found.by
            page.box(x + j * cell, y + i * cell, cell, cell, "#{:02x}{:02x}{:02x}".format(*rgb), page.style.colour("paper"), 1)
            limits = "" if page.style.slide or count > 3 else f"{share['low']:.0%} to {share['high']:.0%}"
            up = 0.09 if limits else 0.0
            if count <= 5:
                weight = "bold" if middle else "normal"
                words = f"{share['top1']:.1%}".replace("%", " %")
                page.text(x + (j + 0.5) * cell, y + (i + 0.5) * cell - up, words, ink, ha="center", va="center", weight=weight)
            if limits:
                page.text(x + (j + 0.5) * cell, y + (i + 0.5) * cell + up, limits, ink, page.style.small, ha="center", va="center")
