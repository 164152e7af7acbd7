"""Heat maps over the picture, their deletion and insertion curves, and their checks."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray
from torch import Tensor

from ...base.check import Check
from ...look.features import pixels
from ...look.target import Subject
from ...look.why import Explanation
from ...look.why.checks import Curves
from ..style import PRINT, Style, styled
from .maps import rgb
from .page import EDGE, Page, Scale
from .sheet import Group, Tile, draw_groups, sheet

SEEN = 0.55  # how much of the colour covers the picture
COLOURS = {"deletion": "second", "insertion": "accent"}


@styled
def heat_figure(subject: Subject, picture: Tensor, one: Explanation, *, style: Style = PRINT) -> Figure:
    """The picture, uint8 `(C, H, W)`, and its map; beneath, where it was checked, what it was compared with, curves and checks."""
    page = Page(style, f"{one.method.name}{' at ' if one.layer else ''}{one.layer}: {one.claim}", subject.trained)
    heat, signed = pixels(one.heat).numpy(), one.method.signed
    scale = Scale(heat, signed)
    tiles = [Tile(rgb(picture), "picture"), Tile(overlay(picture, one), "map over picture"), Tile(heat, "map", scale)]
    verdict = one.verdict
    if verdict and verdict.other is not None and verdict.random is not None and not style.slide:
        other, random = pixels(verdict.other).numpy(), pixels(verdict.random).numpy()
        tiles.append(Tile(other, f"for {subject.label(verdict.runner_up)}", Scale(other, signed)))
        tiles.append(Tile(random, "random weights", Scale(random, signed)))
    note = f"{one.method.says}; each map to its own scale, the bar is that of the map"
    group = Group(tiles, note="" if style.slide else note, bar=scale, unit="relevance, no unit", side=1.3, columns=len(tiles))
    draw_groups(page, [group], reserve=2 * page.line() if verdict else 0.0)
    if verdict is None:
        return page.finish()
    if style.slide:
        _summary(page, verdict.checks)
        return page.finish()
    top, left = page.y, EDGE
    if verdict.curves:
        axes = page.chart(EDGE + 0.42, top + 0.26, 2.4, 1.5)
        curve_chart(axes, verdict.curves, style)
        left = EDGE + 3.15
    page.y += 0.06
    _checks(page, verdict.checks, left)
    page.y = max(page.y, top + 2.3 if verdict.curves else top)
    return page.finish()


def method_sheet(title: str, picture: Tensor, found: Sequence[Explanation], *, trained: bool = True, style: Style = PRINT) -> Figure:
    """Every method's map over the picture, with the checks that it fails."""
    tiles = [Tile(rgb(picture), "picture", roles=("ink", "faint"))]
    for one in found:
        verdict = f"fails: {', '.join(one.failed)}" if one.failed else "all checks hold" if one.verdict else ""
        tiles.append(Tile(overlay(picture, one), one.method.name, None, verdict, ("ink", "bad" if one.failed else "good")))
    note = "Each map to its own scale: yellow, or red where a map has a sign, is evidence for the class."
    group = Group(tiles, side=1.25, columns=5)
    return sheet(f"{title}  {found[0].claim}", [group], note, trained=trained, style=style)


def overlay(picture: Tensor, one: Explanation) -> NDArray[np.uint8]:
    """The map's colours over the picture in grey, `(H, W, 3)`."""
    heat = pixels(one.heat).numpy()
    grey = rgb(picture).mean(2, keepdims=True)
    mixed = (1 - SEEN) * grey + SEEN * Scale(heat, one.method.signed).rgb(heat)
    covered: NDArray[np.uint8] = mixed.round().astype(np.uint8)
    return covered


def curve_chart(axes: Axes, found: Curves, style: Style) -> None:
    """The probability of the class while pixels are covered (deletion) or uncovered (insertion), the hottest first."""
    for i, (name, values) in enumerate((("deletion", found.deletion), ("insertion", found.insertion))):
        points = pixels(values).numpy()
        axes.plot(np.linspace(0, 1, len(points)), points, color=style.colour(COLOURS[name]))
        words = f"{name}, area {found.areas[name]:.2f}"
        axes.annotate(words, (0.5 * i, 1.04), xycoords="axes fraction", color=style.colour(COLOURS[name]), fontsize=style.small)
    axes.set(xlim=(0, 1), ylim=(0, 1), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
    axes.set_xlabel("share of pixels, hottest first", fontsize=style.small)
    axes.set_ylabel("probability of class", fontsize=style.small)
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))


def _checks(page: Page, checks: Sequence[Check], left: float) -> None:
    for check in checks:
        page.text(left, page.y, f"{check.check}: {'holds' if check.ok else 'FAILS'}", "good" if check.ok else "bad")
        page.y += page.line()
        page.paragraph(check.says, size=page.style.small, x=left, width=page.width - EDGE - left)
        page.y += 0.05


def _summary(page: Page, checks: Sequence[Check]) -> None:
    """What holds and what fails in a line each."""
    for ok, role, words in ((False, "bad", "FAILS"), (True, "good", "holds")):
        names = ", ".join(check.check for check in checks if check.ok is ok)
        if names and page.room >= page.line():
            page.paragraph(f"{words}: {names}", role, most=1)
