"""Parameters of softmax regression by the numbers of a picture, a straight line for each number of classes."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from ....models.pixel_counts import PixelCount
from ...style import PRINT, Style, styled
from ..charts import frame
from ..page import EDGE, Page

TICKS = {10**n: f"{10 ** (n % 3)}{' kMG'[n // 3].strip()}" for n in range(2, 10)}


@styled
def parameter_figure(found: Sequence[PixelCount], *, style: Style = PRINT) -> Figure:
    """Both axes logarithmic; a dot is a network, named beneath by its picture, with its parameters."""
    page = Page(style, "Softmax regression: (numbers of a picture + 1) × classes")
    left, below = (1.7, 1.1) if style.slide else (0.75, 0.6)
    tall = page.room - below if style.slide else 3.2
    axes = page.chart(EDGE + left, page.y, page.inner - left - 0.2, tall)
    axes.set(xscale="log", yscale="log", xlim=(14, 1_200_000), ylim=(100, 1.2e9))
    for k, classes in enumerate(sorted({row.classes for row in found})):
        _curve(axes, [row for row in found if row.classes == classes], style.series[1 + k], bool(k), style)
    rows = [row for row in found if row.classes == found[0].classes]
    axes.set_xticks([row.pixels for row in rows], [f"{row.pixels:,}" + ("" if style.slide else f"\n{row.size}") for row in rows])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(FixedLocator([*TICKS][:: 2 if style.slide else 1]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: TICKS.get(round(value), "")))
    sizes = ", ".join(row.size for row in rows) if style.slide else "rows × columns × channels"
    frame(axes, f"numbers of a picture ({sizes})", "parameters")
    page.y += tall + below
    return page.finish()


def _curve(axes: Axes, rows: Sequence[PixelCount], colour: str, above: bool, style: Style) -> None:
    """A line with the number at each dot and the classes half-way along its last part, above it or beneath it."""
    axes.plot([row.pixels for row in rows], [row.parameters for row in rows], "o-", color=colour, lw=style.stroke, ms=style.stroke * 3)
    (x, y), (x2, y2) = ((row.pixels, row.parameters) for row in rows[-2:])
    labels = [(f"{row.parameters:,}", (row.pixels, row.parameters), "normal") for row in rows]
    for words, place, weight in (*labels, (f"{rows[0].classes:,} classes", (math.sqrt(x * x2), math.sqrt(y * y2)), "bold")):
        offset = (-0.3 if above else 0.3) * style.text, (0.5 if above else -0.5) * style.text
        label = axes.annotate(words, place, offset, "data", "offset points", weight=weight)
        label.set(color=colour, ha="right" if above else "left", va="bottom" if above else "top")
        label.set_bbox({"facecolor": style.colour("paper"), "edgecolor": "none", "pad": 0.6})  # over the grid
