"""The texts of a figure, and where they are."""

from typing import NamedTuple

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import BboxBase


class Words(NamedTuple):
    """A text, its points, and its box in px."""

    text: str
    size: float
    box: BboxBase


def words(figure: Figure) -> list[Words]:
    """The texts that are seen."""
    FigureCanvasAgg(figure).draw()
    seen = (one for one in figure.findobj(Text) if one.get_text().strip() and one.get_visible())
    return [Words(one.get_text(), one.get_fontsize(), one.get_window_extent()) for one in seen]


def cut_off(figure: Figure, written: list[Words]) -> list[str]:
    """Texts that leave the page."""
    width, height = figure.canvas.get_width_height()
    return [one.text for one in written if one.box.x0 < -1 or one.box.y0 < -1 or one.box.x1 > width + 1 or one.box.y1 > height + 1]


def overlapping(written: list[Words]) -> list[tuple[str, str]]:
    """Pairs of texts on top of each other, by more than the leading of a line."""
    found = []
    for i, (name, _, a) in enumerate(written):
        for other, _, b in written[i + 1 :]:
            across, down = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
            if across > 1 and down > 0.35 * min(a.height, b.height):
                found.append((name, other))
    return found
