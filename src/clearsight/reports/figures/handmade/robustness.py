"""How far features move: a row for each kind of features, a column for each change."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from ....look.handmade.robustness import Robustness
from ...style import PRINT, Style, styled
from ..page import EDGE, Page, Scale, cut

SHOWN = {"translation": "shift", "flat": "contrast"}  # names that are too long, or no word of the lecture's


@styled
def robustness_figure(title: str, found: Sequence[Robustness], *, style: Style = PRINT) -> Figure:
    """Cells with the distance under each change, 0 to 1, where 1 is the distance to another class."""
    page, names = Page(style, title), list(found[0].moved)
    shown = found[: int((page.room - 3 * page.line()) / (1.6 * page.line()))] if style.slide else found
    label = 0.2 * page.inner
    wide, tall = (page.inner - label) / len(names), 1.6 * page.line()
    scale = Scale(None, False, 0.0, 1.0)
    for k, name in enumerate(names):
        page.text(EDGE + label + (k + 0.5) * wide, page.y, cut(SHOWN.get(name, name), style.text, wide - 0.05), "faint", ha="center")
    page.y += page.line() + 0.04
    for one in shown:
        page.text(EDGE, page.y + tall / 2, cut(one.name, style.text, label - 0.1), va="center")
        for k, name in enumerate(names):
            rgb = scale.rgb(np.array([[min(1.0, one.moved[name])]]))[0, 0]
            ink = "#ffffff" if float(np.dot(rgb, (0.299, 0.587, 0.114))) < 130 else "#14171c"
            x = EDGE + label + k * wide
            page.box(x, page.y, wide, tall, "#{:02x}{:02x}{:02x}".format(*rgb), style.colour("paper"), 1)
            page.text(x + wide / 2, page.y + tall / 2, f"{one.moved[name]:.2f}", ink, ha="center", va="center")
        page.y += tall
    page.y += 0.08
    page.paragraph("0: the features stay as they are; 1: they move as far as to a picture of another class (medians)", "faint", most=2)
    return page.finish()
