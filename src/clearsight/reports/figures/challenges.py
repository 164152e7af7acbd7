"""The challenges: one picture in growing strength, the curves of a data set, and the unlike members of a class."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from ...evaluation.stress import StressResult
from ...look.challenges import Challenged, Row, Variation
from ..style import PRINT, Style, styled
from .charts import frame
from .page import EDGE, Array, Page, apart, cut, measure
from .sheet import Group, Tile, sheet

SLIDE_ROWS = 5  # of the lecture


@styled
def challenge_figure(title: str, found: Challenged, *, style: Style = PRINT) -> Figure:
    """A row for each challenge, the strengths from left to right, with label and confidence; a slide has the first five rows."""
    page, slide = Page(style, title), style.slide
    first = f"as it is: {found.label}, {found.confidence:.0%}".replace("%", " %")
    page.paragraph(f"{first}; the strength grows from left to right" if slide else first, "faint", most=1)
    page.y += 0.06
    rows = found.rows[:SLIDE_ROWS] if slide else found.rows
    label = max(measure(words, 1.12 * style.text) for row in rows for words in (_called(row), row.group)) + 0.2 if slide else 1.15
    wide = (page.inner - label) / len(rows[0].trials)
    more = f"{len(found.rows) - len(rows)} more challenges in print size" if len(found.rows) > len(rows) else ""
    tall = (page.room - (page.line() if more else 0)) / len(rows) if slide else 1.42
    side = tall - page.line(style.small) - 0.08 if slide else min(wide - 0.1, tall - 2 * page.line(style.small) - 0.08)
    for row in rows:
        _row(page, row, label, wide, side)
        page.y += tall
    if more:
        page.text(EDGE, page.y, more, "faint")
    return page.finish()


def _called(row: Row) -> str:
    return row.name.replace("_", " ")


def _row(page: Page, row: Row, label: float, wide: float, side: float) -> None:
    """The pictures of a challenge, with the label beneath, and the confidence beneath that, on a slide at the right."""
    style, top = page.style, page.y
    page.text(EDGE, top + 0.02, cut(_called(row), 1.12 * style.text, label - 0.1), "ink", weight="bold")
    page.text(EDGE, top + 0.02 + page.line(), cut(row.group, style.text, label - 0.1), "faint")
    page.y = top + 0.06 + 2 * page.line()
    if not style.slide:
        page.paragraph(row.means, "faint", style.small, label - 0.12)
    for k, trial in enumerate(row.trials):
        x = EDGE + label + k * wide
        _picture(page, trial.picture, x, top, side)
        role = "bad" if trial.changed else "good"
        told = f"{trial.confidence:.0%}".replace("%", " %")
        page.text(x, top + side + 0.03, cut(trial.label, style.small, wide - 0.1), role, style.small)
        if style.slide:
            page.text(x + side + 0.1, top + side / 2, told, role, va="center")
        else:
            page.text(x, top + side + 0.03 + page.line(style.small), f"{told} at {trial.strength:g}", "faint", style.small)
    page.y = top


def _picture(page: Page, pixels: Array, x: float, y: float, side: float) -> None:
    height, width = pixels.shape[:2]
    factor = side / max(height, width)
    page.picture(pixels, x, y, width * factor, height * factor)


@styled
def challenge_curves(title: str, result: StressResult, *, style: Style = PRINT) -> Figure:
    """Accuracy by the step of strength, 0 being the pictures as they are, a curve with its 95 % intervals for each challenge."""
    page = Page(style, title)
    names = dict.fromkeys(row["name"] for row in (*result.challenges, *result.corruptions))
    told = 1.12 * max(measure(name.replace("_", " "), style.text) for name in names) + 0.25
    left, below = (1.35, 1.0) if style.slide else (0.65, 0.5)
    tall = page.room - below if style.slide else 3.0
    axes = page.chart(EDGE + left, page.y, page.inner - left - told, tall)
    clean, ends = result.clean, []
    for k, name in enumerate(names):
        rows = [row for row in (*result.challenges, *result.corruptions) if row["name"] == name]
        colour = style.series[1 + k % (len(style.series) - 1)]
        values = [clean["value"], *(row["top1"] for row in rows)]
        lows = [values[0] if clean["low"] is None else clean["low"], *(row["low"] for row in rows)]
        highs = [values[0] if clean["high"] is None else clean["high"], *(row["high"] for row in rows)]
        axes.fill_between(range(len(values)), lows, highs, color=colour, alpha=0.13, linewidth=0)
        axes.plot(range(len(values)), values, color=colour, marker="o", markersize=style.stroke * 2.5)
        ends.append((name, values[-1], colour))
    axes.set_ylim(0, 1.0)
    axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    frame(axes, "strength, 0: as it is", "accuracy")
    heights = apart([tall * value for _, value, _ in ends], 1.25 * style.text / 72, tall)
    for (name, _, colour), height in zip(ends, heights, strict=True):
        label = axes.annotate(name.replace("_", " "), (1, height / tall), (9, 0), "axes fraction", "offset points", va="center")
        label.set(color=colour, weight="bold")
    page.y += tall + below
    if not style.slide:
        page.paragraph(f"n = {clean['n']:,}; bands are 95 % intervals; the strengths of each challenge are its own", "faint", style.small)
    return page.finish()


def variation_sheet(title: str, found: Variation, pictures: Sequence[Array], *, trained: bool = True, style: Style = PRINT) -> Figure:
    """The members, with the cosine distance of each to the nearest of the others."""
    tiles = [Tile(picture, f"{distance:.3f}") for picture, distance in zip(pictures, found.distances, strict=True)]
    note = f"cosine distance to the nearest of the others; two members of the class are {found.spread:.3f} apart on average"
    order = "" if style.slide else "the two farthest apart, then always the farthest from all before"
    group = Group(tiles, order, "" if style.slide else note, side=0.8, columns=8)
    short = f"cosine distance to the nearest other; mean of two: {found.spread:.3f}"
    return sheet(title, [group], short if style.slide else "", trained=trained, style=style)
