"""The plot of a curve: accuracy against the number of labels, the mean over seeds with its 95 % interval."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

from ...experiments.label_curve import Point
from ..style import PRINT, Style, styled
from .page import EDGE, Page, apart, cut, measure

BAND = 0.07  # inches between curves at the same number of labels, so that whiskers do not cover each other


@styled
def figure(title: str, note: str, curves: Mapping[str, Sequence[Point]], *, style: Style = PRINT) -> Figure:
    """Curves by name: points with `labelled`, `value`, `low`, `high` and `seeds`; whiskers where there are seeds to differ."""
    page = Page(style, title)
    names = min(max(measure(name, style.text) for name in curves) + 0.25, 0.35 * page.width)
    left = measure("100.0 %", style.small) + page.line() + 0.15
    tall = page.room - 4 * page.line() if style.slide else 3.6
    axes = page.chart(EDGE + left, page.y + 0.1, page.inner - left - names, tall)
    _axes(axes, [point for rows in curves.values() for point in rows], style)
    wide, (low, high) = page.inner - left - names, axes.get_ylim()
    heights = apart([tall * (rows[-1]["value"] - low) / (high - low) for rows in curves.values()], page.line(), tall)
    for i, ((name, rows), height) in enumerate(zip(curves.items(), heights, strict=True)):
        colour = style.series[i % len(style.series)]
        _curve(axes, rows, colour, BAND * (i - (len(curves) - 1) / 2) / wide, style)
        words = cut(name, style.text, names - 0.12)
        label = axes.annotate(words, (1, height / tall), (8, 0), "axes fraction", "offset points", va="center")
        label.set_color(colour)
    page.y += 0.1 + tall + page.line(style.small) + page.line() + 0.25
    page.paragraph(note, "faint", style.small, most=1 if style.slide else 9)
    return page.finish()


def scale(least: float, most: float) -> tuple[float, float, float]:
    """(lowest, step, highest) of an axis of shares that holds these, with a little room."""
    step = next(step for step in (0.005, 0.01, 0.02, 0.05, 0.1, 0.2) if (most - least) / step <= 8)
    return max(0.0, math.floor(least / step - 0.5) * step), step, min(1.0, math.ceil(most / step + 0.5) * step)


def _axes(axes: Axes, points: Sequence[Point], style: Style) -> None:
    amounts = sorted({p["labelled"] for p in points})
    ends = [p[end] if p["seeds"] > 1 else p["value"] for p in points for end in ("low", "high")]
    low, step, high = scale(min(ends), max(ends))
    few, many = amounts[0], amounts[-1]
    margin = (many / few) ** 0.06 if many > few else 2.0
    axes.set_xscale("log")
    axes.set(xlim=(few / margin, many * margin), ylim=(low, high))
    axes.set_xlabel("labelled pictures")
    axes.set_ylabel("test accuracy")
    axes.xaxis.set_major_locator(FixedLocator(amounts))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda amount, _: f"{amount:,.0f}"))
    axes.set_yticks([low + step * i for i in range(round((high - low) / step) + 1)])
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=1 if step < 0.01 else 0, symbol=" %"))
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _curve(axes: Axes, rows: Sequence[Point], colour: str, shift: float, style: Style) -> None:
    """A curve through points, `shift` (a fraction of the axis) to the right of their amounts."""
    low, high = axes.get_xlim()
    factor = (high / low) ** shift
    x, y = [p["labelled"] * factor for p in rows], [p["value"] for p in rows]
    below, above = ([abs(p["value"] - p[end]) if p["seeds"] > 1 else 0.0 for p in rows] for end in ("low", "high"))
    axes.plot(x, y, color=colour, marker="o", markersize=3.4 * style.stroke, markeredgecolor=style.colour("paper"), zorder=3)
    if any(p["seeds"] > 1 for p in rows):
        axes.errorbar(x, y, [below, above], fmt="none", ecolor=colour, elinewidth=style.stroke, capsize=2 * style.stroke, zorder=2)
