"""The box that a unit can see on the picture, and next to it the pixels that its gradient depends on."""

import numpy as np
from matplotlib.figure import Figure

from ...look.receptive_field import UnitField
from ..style import PRINT, Style, styled
from .page import EDGE, Array, Page, Scale

BETWEEN = 0.3


@styled
def field_figure(title: str, found: UnitField, *, trained: bool = True, style: Style = PRINT) -> Figure:
    """The theoretical field on the picture (grey without one), with the share of it that is padding, and the effective one."""
    page = Page(style, title, trained)
    height, width = found.effective.shape
    beneath = (2 if style.slide else 3) * page.line() + (1.4 if style.slide else 0.7)
    column = (page.inner - BETWEEN) / 2
    side = min(column, page.room - beneath if style.slide else 9.0)
    factor = side / max(height, width)
    picture: Array = np.full((height, width, 3), 225, np.uint8) if found.picture is None else found.picture
    values = np.sqrt(found.effective / (found.effective.max() or 1))
    scale = Scale(None, False, 0, 1)
    top, left, bottom, right = found.box
    size = f"{bottom - top}×{right - left} px"
    words = (
        f"theoretical field: {size} ({found.status}), {found.padding:.0%} padding",
        f"effective field: 95 % of the gradient in {found.share:.1%} of the pixels",
    )
    start = page.y
    for k, (shown, drawn_by) in enumerate(((picture, None), (values, scale))):
        x, page.y = EDGE + k * (column + BETWEEN), start
        page.picture(shown, x, start, width * factor, height * factor, drawn_by)
        low, high = max(0, top), min(height, bottom)
        first, last = max(0, left), min(width, right)
        box = (x + first * factor, start + low * factor, (last - first) * factor, (high - low) * factor)
        page.box(*box, "none", style.colour("mark"), 2)
        page.y = start + height * factor + 0.08
        page.paragraph(words[k], x=x, width=column, most=2)
    page.y = start + height * factor + 0.1 + 2 * page.line()
    page.y += page.colour_bar(EDGE + column + BETWEEN, page.y, min(side, 5.0 if style.slide else 2.6), scale, "√(|gradient| / largest)")
    return page.finish()
