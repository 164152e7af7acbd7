"""ILSVRC's winners as a chart, the descent of convolutional networks as a drawing, and Keras' models by accuracy and parameters."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

from ...models.history import DESCENT, HUMAN, ILSVRC, Step, Winner
from ..style import PRINT, Style, styled
from .charts import frame
from .page import EDGE, Page, cut


@styled
def ilsvrc_figure(*, style: Style = PRINT) -> Figure:
    """Top-5 error of each year's winner, with its name and layers, and the error of a person."""
    page = Page(style, "ILSVRC: top-5 error of the winners")
    left, below = (1.35, 1.5) if style.slide else (0.65, 0.75)
    tall = page.room - below if style.slide else 2.7
    axes = page.chart(EDGE + left, page.y, page.inner - left, tall)
    for row in ILSVRC:
        axes.bar(row.year, row.error, 0.7, color=style.series[1 if row.layers or row.year > 2011 else 0])
        value = f"{100 * row.error:.3g}" + ("" if style.slide else " %")
        label = axes.annotate(
            value, (row.year, row.error), (0, 7 if style.slide else 3), textcoords="offset points", ha="center", weight="bold"
        )
        label.set_bbox({"facecolor": style.colour("paper"), "edgecolor": "none", "pad": 0.6})
    axes.axhline(HUMAN, color=style.colour("mark"), linewidth=style.stroke / 1.5, linestyle=(0, (4, 3)))
    words = f"a person: {100 * HUMAN:.1f} %"
    axes.annotate(words, (2017.45, HUMAN), (0, 9 if style.slide else 5), "data", "offset points", color=style.colour("mark"), ha="right")
    axes.set(xlim=(2009.5, 2017.5), ylim=(0, 0.32))
    axes.set_xticks([row.year for row in ILSVRC], [str(row.year) for row in ILSVRC])
    for row in ILSVRC:
        for line, words in enumerate(_under(row, style.slide), 1):
            place = (0, -line * 1.3 * style.small - 4)
            axes.annotate(
                words, (row.year, 0), place, ("data", "axes fraction"), "offset points", ha="center", va="top", fontsize=style.small
            ).set(color=style.colour("faint"))
    axes.yaxis.set_major_locator(FixedLocator([n / 100 for n in range(0, 31, 10 if style.slide else 5)]))
    axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %", decimals=0))
    frame(axes, "", "top-5 error")
    page.y += tall + below
    if not style.slide:
        page.paragraph("Grey: hand-designed features and a linear classifier. Test set; most are ensembles.", "faint", style.small)
    return page.finish()


def _under(row: Winner, slide: bool) -> list[str]:
    """Name and layers beneath a year; on a slide the names only, on two lines in turn."""
    if slide:
        return [""] * (row.year % 2) + [row.team if len(row.method) > 9 else row.method]
    return [row.team if len(row.method) > 14 else row.method, f"{row.layers} layers" if row.layers else "–"]


@styled
def descent_figure(*, style: Style = PRINT) -> Figure:
    """Who builds on whom: a box for each step with its year and, in print, its idea; arrows lead from what it builds on."""
    page = Page(style, "From the visual cortex to ConvNeXt")
    columns, rows = (1 + max(step.place[k] for step in DESCENT) for k in (0, 1))
    gap, between = (0.24, 0.36) if style.slide else (0.2, 0.26)
    wide = (page.inner - (columns - 1) * gap) / columns
    tall = (page.room - (rows - 1) * between) / rows if style.slide else 0.92
    corners = {
        step.key: (EDGE + step.place[0] * (wide + gap), page.y + step.place[1] * (tall + between)) for step in DESCENT
    }  # fmt: skip
    for step in DESCENT:
        for source in step.after:
            _arrow(page, corners[source], corners[step.key], wide, tall)
        _step(page, step, *corners[step.key], wide, tall)
    page.y += rows * (tall + between) - between
    if not style.slide:
        page.y += 0.1
        page.paragraph(
            "An arrow leads to what builds on it. Blue: a network that can be trained here; grey: an idea.", "faint", style.small
        )
    return page.finish()


def _step(page: Page, step: Step, x: float, y: float, wide: float, tall: float) -> None:
    style, below = page.style, page.y
    page.box(x, y, wide, tall, style.colour("cell"), style.colour("line"))
    page.box(x, y, 0.06, tall, style.series[1 if step.network else 0])
    page.text(x + 0.12, y + 0.06, cut(step.label, style.text, wide - 0.14), "ink", weight="normal" if style.slide else "bold")
    page.y = y + 0.06 + page.line()
    page.text(x + 0.12, page.y, str(step.year), "faint")
    if not style.slide:
        page.y += page.line()
        page.paragraph(step.idea, "faint", style.small, wide - 0.2, x + 0.12, 4)
    page.y = below


def _arrow(page: Page, begin: tuple[float, float], end: tuple[float, float], wide: float, tall: float) -> None:
    """From one box to its neighbour at the left, the right or below."""
    if begin[1] < end[1]:
        points = (begin[0] + wide / 2, begin[1] + tall), (end[0] + wide / 2, end[1])
    else:
        points = (begin[0] + wide * (begin[0] < end[0]), begin[1] + tall / 2), (end[0] + wide * (end[0] < begin[0]), end[1] + tall / 2)
    scale, width = (22, 3) if page.style.slide else (9, 1.2)
    colour = page.style.colour("ink")
    arrow = FancyArrowPatch(*points, arrowstyle="-|>", mutation_scale=scale, color=colour, linewidth=width, shrinkA=0, shrinkB=0)
    page.canvas.add_patch(arrow)


@styled
def keras_figure(rows: Sequence[dict[str, Any]], *, style: Style = PRINT) -> Figure:
    """Top-1 accuracy by parameters, for the models that the lecture gives an accuracy for."""
    page = Page(style, "Keras' models: accuracy by parameters")
    known = [row for row in rows if row["top1"]]
    left, below = (1.5, 1.0) if style.slide else (0.65, 0.5)
    tall = page.room - below if style.slide else 4.2
    axes = page.chart(EDGE + left, page.y, page.inner - left - (0.2 if style.slide else 0.7), tall)
    axes.set_xscale("log")
    for row in known:
        x, y, left_of = row["parameters"] / 1e6, row["top1"], row["model"] in LEFT
        axes.plot([x], [y], "o", color=style.series[1], markersize=style.stroke * 3.5)
        if not style.slide or row["model"] in SHOWN:
            place = (-1.2 if left_of else 1.2) * style.stroke * 3
            label = axes.annotate(row["model"], (x, y), (place, 0), "data", "offset points", va="center", fontsize=style.small)
            label.set(color=style.colour("ink"), ha="right" if left_of else "left")
    axes.set(xlim=(3, 200), ylim=(0.695, 0.835))
    axes.xaxis.set_major_locator(FixedLocator([3, 5, 10, 20, 50, 100, 200] if not style.slide else [3, 10, 30, 100]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_major_locator(FixedLocator([n / 100 for n in range(70, 84, 2)]))
    axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %", decimals=0))
    frame(axes, "parameters, millions", "top-1 accuracy")
    page.y += tall + below
    return page.finish()


LEFT = ("VGG16", "ResNet101", "DenseNet169", "NASNetLarge")  # names at the left of their point
SHOWN = ("MobileNetV2", "NASNetMobile", "Xception", "VGG16", "NASNetLarge", "ResNet152", "DenseNet169")  # on a slide
