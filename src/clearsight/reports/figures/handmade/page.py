"""The page of hand-designed features: the picture, their parts next to it, and the vector along the bottom."""

import numpy as np
from matplotlib.figure import Figure

from ....look.handmade.descriptors import Descriptors
from ....look.handmade.gradients import Gradients
from ....look.handmade.histograms import Histograms
from ....look.handmade.responses import Responses
from ....look.handmade.seen import Seen, written
from ...style import PRINT, Style, styled
from ..page import EDGE, Page, short
from .parts import Frame, draw_descriptors, draw_gradients, draw_histograms, draw_pixels, draw_responses

BETWEEN = 0.25  # inches


@styled
def designed_figure(title: str, found: Seen, *, style: Style = PRINT) -> Figure:
    """The picture, its bars, strokes, responses or descriptors, and the feature vector."""
    page = Page(style, title)
    strip = (1.5 if style.slide else 0.75) + 2 * page.line()
    height, width = found.picture.shape[:2]
    column = (page.inner - BETWEEN) / 2
    if isinstance(found.parts, Responses):
        column *= 0.62  # the filters take the room
    tall = min(column * height / width, page.room - strip - page.line() - 0.1 if style.slide else 3.6)
    left = Frame(EDGE, page.y, tall * width / height, tall)
    right = Frame(EDGE + max(left.width, column if not style.slide else 0) + BETWEEN, page.y, 0.0, tall)
    right = right._replace(width=page.width - EDGE - right.x)
    bottom = _parts(page, found, left, right)
    page.y = max(page.y + tall, bottom) + 0.1
    if not style.slide:
        page.paragraph(found.sentence, "faint", style.small)
    _strip(page, found, strip)
    return page.finish()


def _parts(page: Page, found: Seen, left: Frame, right: Frame) -> float:
    """Draw the picture and the parts next to it; returns how far down they reach."""
    parts = found.parts
    if isinstance(parts, Gradients):
        return draw_gradients(page, found.picture, parts, left, right)
    if isinstance(parts, Histograms):
        return draw_histograms(page, found.picture, parts, left, right)
    if isinstance(parts, Responses):
        return draw_responses(page, found.picture, parts, left, right)
    if isinstance(parts, Descriptors):
        return draw_descriptors(page, found.picture, parts, left, right)
    return draw_pixels(page, found.picture, left, right)


def _strip(page: Page, found: Seen, room: float) -> None:
    """The vector as bars, and its first numbers."""
    style, vector = page.style, found.vector
    words = f"feature vector {written(vector, 4 if style.slide else 8)}"
    page.paragraph(words, most=1)
    tall = (page.room - page.line() if style.slide else room - 2 * page.line()) - 0.08
    axes = page.chart(EDGE + (1.2 if style.slide else 0.4), page.y + 0.05, page.inner - (1.25 if style.slide else 0.45), tall)
    places = np.arange(len(vector))
    axes.fill_between(places, vector, step="mid", color=style.colour("accent"), linewidth=0.3)
    axes.set_xlim(-0.5, len(vector) - 0.5)
    low, high = min(0.0, float(vector.min())), max(0.0, float(vector.max())) or 1.0
    ends = [float(f"{value:.1g}") for value in (low, high) if value]
    axes.set_ylim(min((low, *ends)), max((high, *ends)))
    axes.set_yticks(ends, [short(value) for value in ends])
    axes.set_xticks([0, len(vector) - 1], ["0", f"{len(vector) - 1:,}"])
    for label, side in zip(axes.get_xticklabels(), ("left", "right"), strict=True):
        label.set(ha=side)
    axes.tick_params(length=0)
    page.y += tall + 0.05 + page.line() + 0.05
    if not style.slide:
        page.paragraph(f"in the order of {found.order}", "faint", style.small)
