"""The charts of the reports: matplotlib figures that go into a page as SVG, in the colours of report.css, light or dark."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from ...metrics.calibration import Bin
from ...metrics.intervals import Estimate
from ..saving import inline
from ..style import LIGHT, PRINT, Style, styled
from ..words import compact
from .page import EDGE, Page, apart, cut, measure

Series = tuple[str, Sequence[float], str]  # name, a value for each step, role of its colour
Interval = tuple[float, float] | None
# what a colour is in the page, so that the chart follows the reader's light or dark
VARIABLES = {
    LIGHT[role]: f"var(--{name})"
    for role, name in {
        "paper": "card", "ink": "ink", "faint": "faint", "line": "line", "cell": "cell", "good": "good", "bad": "bad", "mark": "miss",
        "accent": "blue", "second": "orange",
    }.items()
}  # fmt: skip
DOTS = 40  # steps, up to which each has a tooltip


class Chart(NamedTuple):
    """A figure, what it shows in words, and its tooltips by the gid of their artists."""

    figure: Figure
    label: str
    tips: dict[str, str]

    def svg(self) -> str:
        """The chart as `<svg>` for a page, no wider than it was drawn."""
        text = inline(self.figure, self.label, VARIABLES, self.tips)
        return text.replace("<svg ", f'<svg style="max-width:{96 * self.figure.get_figwidth():.0f}px" ', 1)


@styled
def lines(
    series: Sequence[Series],
    steps: Sequence[float],
    *,
    y: str = "",
    share: bool = False,
    best: float | None = None,
    axis: str = "epoch",
    style: Style = PRINT,
) -> Chart | None:
    """Curves over epochs or another `axis`, each named at its end, with a dot at the last step; `best` marks one with a dotted line.

    `share` writes fractions as per cent. None where no value is finite.
    """
    finite = [value for _, values, _ in series for value in values if math.isfinite(value)]
    if not finite:
        return None
    page, names = Page(style, width=5.1), max(measure(name, style.text) for name, _, _ in series) + 0.2
    page.y, wide, tall = 0.1, page.width - 0.75 - names, 2.2
    axes = page.chart(0.65, page.y, wide, tall)
    if share:
        axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %", decimals=None))
    tips = _curves(axes, series, steps, axis, share)
    if best is not None:
        axes.axvline(best, color=style.colour("faint"), linewidth=0.8, linestyle=(0, (2, 3)), gid="class-best")
    frame(axes, axis, y)
    if share and axes.get_ylim()[1] > 1:
        axes.set_ylim(top=1.004)
    if not any(step % 1 for step in steps):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    low, high = axes.get_ylim()
    heights = apart([tall * (_last(values) - low) / ((high - low) or 1) for _, values, _ in series], 0.17, tall)
    for (name, _, role), height in zip(series, heights, strict=True):
        label = axes.annotate(name, (1, height / tall), (9, 0), "axes fraction", "offset points", va="center")
        label.set(color=style.colour(role), weight="bold")
    page.y += tall + 0.35
    return Chart(page.finish(), ", ".join(name for name, _, _ in series) + f" by {axis}", tips)


def _curves(axes: Axes, series: Sequence[Series], steps: Sequence[float], axis: str, share: bool) -> dict[str, str]:
    tips: dict[str, str] = {}
    for k, (name, values, role) in enumerate(series):
        colour = LIGHT[role]
        points = [(s, v) for s, v in zip(steps, values, strict=True) if math.isfinite(v)]
        if not points:
            continue
        axes.plot(*zip(*points, strict=True), color=colour, solid_joinstyle="round", gid="class-line")
        for i, (step, value) in enumerate(points if len(points) <= DOTS else points[-1:]):
            last = (step, value) == points[-1]
            gid = f"tip-{k}-{i}"
            tips[gid] = f"{name}, {axis} {step:g}: {f'{100 * value:.2f} %' if share else f'{value:.4g}'}"
            axes.plot([step], [value], "o", color=colour, markersize=5 if last else 7, alpha=1 if last else 0, gid=gid)
    return tips


def frame(axes: Axes, x: str, y: str) -> None:
    """The names of both axes, and the house's grid and spines."""
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)


@styled
def reliability(bins: Sequence[Bin], intervals: Sequence[Interval], *, style: Style = PRINT) -> Chart:
    """Reliability diagram: accuracy by confidence with intervals, the area of a dot by the number of pictures; below it, these numbers."""
    page = Page(style, width=5.1)
    page.y, wide, tall, below = 0.1, page.width - 0.95, 3.4, 0.85
    axes, counts = page.chart(0.75, page.y, wide, tall), page.chart(0.75, page.y + tall + 0.32, wide, below)
    most, tips = max(row.n for row in bins), {}
    axes.plot([0, 1], [0, 1], color=style.colour("ink"), linewidth=1, linestyle=(0, (4, 3)), gid="class-ideal")
    for i, (row, limits) in enumerate(zip(bins, intervals, strict=True)):
        if row.accuracy is None or row.confidence is None:
            continue
        gid = f"tip-bin-{i}"
        within = "" if limits is None else f" (95 % interval {limits[0]:.1%} to {limits[1]:.1%})"
        told = f"confidence {row.low:.0%} to {row.high:.0%}, on average {row.confidence:.1%}"
        tips[gid] = f"{told}: accuracy {row.accuracy:.1%}{within} of {row.n:,} pictures"
        if limits:
            axes.plot([row.confidence] * 2, limits, color=style.colour("accent"), linewidth=1.2, alpha=0.6, gid="class-whisker")
        size = 3 + 8 * math.sqrt(row.n / most)
        axes.plot([row.confidence], [row.accuracy], "o", color=style.colour("accent"), markersize=size, markeredgewidth=0, gid=gid)
        counts.bar((row.low + row.high) / 2, row.n, 0.9 * (row.high - row.low), color=style.colour("accent"), alpha=0.55)
        counts.annotate(
            compact(row.n), ((row.low + row.high) / 2, row.n), (0, 2), textcoords="offset points", ha="center", size=style.small
        )
    for one in (axes, counts):
        one.set_xlim(0, 1.02)
        one.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    frame(axes, "", "accuracy")
    frame(counts, "confidence", "pictures")
    counts.grid(False)
    counts.set(yticks=[], ylim=(0, 1.3 * most))
    page.y += tall + below + 0.7
    return Chart(page.finish(), "Reliability diagram: accuracy by confidence", tips)


@styled
def confusion(matrix: NDArray[np.int64], classes: Sequence[str], *, style: Style = PRINT) -> Chart:
    """Confusion matrix `(K, K)`, a row for each true class: counts, errors coloured by their share of the row, recall on the diagonal."""
    k, side = len(classes), 0.5
    label = min(max(measure(name, style.text) for name in classes) + 0.15, 1.5)
    page = Page(style, width=EDGE + label + 0.3 + k * side + label * 0.72 + 0.3)
    left, top = EDGE + label + 0.3, 0.3 + label * 0.75
    totals = matrix.sum(1)
    shares = matrix / np.maximum(totals, 1)[:, None]
    worst = float((shares - np.diag(np.diag(shares))).max()) or 1.0
    page.y, tips = top, {}
    axes = page.chart(left, top, k * side, k * side)
    for i in range(k):
        for j in range(k):
            n, own = int(matrix[i, j]), i == j
            if own and totals[i]:
                _square(axes, i, j, style.colour("cell"), 1.0, "")
                axes.text(j, i, f"{100 * shares[i, j]:.0f} %", ha="center", va="center", color=style.colour("faint"), size=style.small)
            elif n and not own:
                gid = f"tip-{i}-{j}"
                tips[gid] = f"{classes[i]} predicted as {classes[j]}: {n:,} of {totals[i]:,}"
                _square(axes, i, j, style.colour("mark"), 0.12 + 0.88 * float(shares[i, j]) / worst, gid)
                axes.text(j, i, f"{n:,}" if n < 10000 else compact(n), ha="center", va="center", color=style.colour("ink"))
    axes.set(xlim=(-0.5, k - 0.5), ylim=(k - 0.5, -0.5))
    names = [cut(name, style.text, label) for name in classes]
    axes.set_yticks(range(k), names)
    axes.set_xticks(range(k), names, rotation=40, ha="left", rotation_mode="anchor")
    axes.tick_params(
        length=0, labelsize=style.text, labelcolor=style.colour("ink"), top=True, labeltop=True, bottom=False, labelbottom=False
    )
    axes.spines[:].set_visible(False)
    axes.set_ylabel("true class")
    axes.set_xlabel("predicted class")
    page.y = top + k * side + 0.15
    return Chart(page.finish(), "Confusion matrix", tips)


def _square(axes: Axes, row: int, column: int, colour: str, alpha: float, gid: str) -> None:
    axes.fill_between([column - 0.47, column + 0.47], row - 0.47, row + 0.47, color=colour, alpha=alpha, linewidth=0, gid=gid or None)


@styled
def recall(rows: Sequence[tuple[str, float, Interval, int]], *, style: Style = PRINT) -> Chart:
    """The recall of each class (name, value, interval, pictures) on an axis that begins near the lowest interval."""
    page, label = Page(style, width=5.1), min(max(measure(name, style.text) for name, *_ in rows) + 0.15, 1.7)
    step, tips = 0.235, {}
    page.y, wide, tall = 0.05, page.width - label - 0.45, step * len(rows)
    axes = page.chart(label, page.y, wide, tall)
    for i, (name, value, limits, n) in enumerate(rows):
        within = "" if limits is None else ", 95 % interval {:.1%} to {:.1%}".format(*limits)
        gid = f"tip-class-{i}"
        tips[gid] = f"{name}: recall {value:.1%}{within}, {n:,} pictures"
        if limits:
            axes.plot(limits, [i, i], color=style.colour("accent"), linewidth=1.2, alpha=0.6, gid="class-whisker")
        axes.plot([value], [i], "o", color=style.colour("accent"), markersize=6, clip_on=False, gid=gid)
    lowest = min(limits[0] if limits else value for _, value, limits, _ in rows)
    step_of = 0.1 if lowest < 0.8 else 0.05 if lowest < 0.9 else 0.01 if lowest > 0.97 else 0.02
    axes.set(xlim=(max(0.0, min(math.floor(lowest / step_of), 1 / step_of - 1) * step_of), 1.0), ylim=(len(rows) - 0.5, -0.5))
    axes.set_yticks(range(len(rows)), [cut(name, style.text, label - 0.1) for name, *_ in rows])
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    frame(axes, "recall", "")
    axes.grid(False)
    axes.grid(axis="x")
    axes.tick_params(axis="y", labelsize=style.text, labelcolor=style.colour("ink"))
    page.y += tall + 0.3
    return Chart(page.finish(), "Recall of each class, with intervals", tips)


@styled
def rungs(rows: Sequence[tuple[str, Sequence[Estimate | None], Estimate]], *, axis: str = "test accuracy", style: Style = PRINT) -> Chart:
    """A row for each rung (title, accuracies with fewer labels, the accuracy), the highest rung on top, with intervals."""
    page, label = Page(style, width=8.0), min(max(measure(title, style.text) for title, *_ in rows) + 0.15, 2.4)
    page.y, tall, tips = 0.05, 0.34 * len(rows), {}
    axes = page.chart(label, page.y, page.width - label - 0.9, tall)
    every = [value for _, paler, top1 in rows for value in (*paler, top1) if value]
    for i, (title, paler, value) in enumerate(reversed(rows)):
        shown = [(few, alpha) for few, alpha in zip(paler, (0.3, 0.55), strict=False) if few]
        for j, (one, alpha) in enumerate([*shown, (value, 1.0)]):
            gid = f"tip-rung-{i}-{j}"
            bottom, top = _limits(one)
            tips[gid] = f"{title}: {one['value']:.2%}, 95 % interval {bottom:.2%} to {top:.2%}"
            axes.plot([bottom, top], [i, i], color=style.colour("accent"), alpha=alpha, gid="class-whisker")
            axes.plot([one["value"]], [i], "o", color=style.colour("accent"), markersize=7, markeredgewidth=0, alpha=alpha, gid=gid)
        words = f"{100 * value['value']:.1f} %"
        axes.annotate(words, (_limits(value)[1], i), (7, 0), textcoords="offset points", va="center", annotation_clip=False)
    low = min(_limits(value)[0] for value in every)
    axes.set(xlim=(max(0.0, min(0.9, math.floor(low * 10) / 10)), 1.0), ylim=(len(rows) - 0.5, -0.5))
    axes.set_yticks(range(len(rows)), [cut(title, style.text, label - 0.1) for title, *_ in reversed(rows)])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.0f} %"))
    frame(axes, axis, "")
    axes.grid(False)
    axes.grid(axis="x")
    axes.tick_params(axis="y", labelsize=style.text, labelcolor=style.colour("ink"))
    page.y += tall + 0.3
    return Chart(page.finish(), "Accuracy of every rung, with intervals", tips)


def _limits(accuracy: Estimate) -> tuple[float, float]:
    """The limits of an interval; the value itself where it has none."""
    low, high, value = accuracy["low"], accuracy["high"], accuracy["value"]
    return value if low is None else low, value if high is None else high


def _last(values: Sequence[float]) -> float:
    return next((value for value in reversed(values) if math.isfinite(value)), 0.0)
