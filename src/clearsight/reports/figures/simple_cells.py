"""Filters learnt without labels, first layers of networks next to them, and the plane of angle and frequency."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...look.simple_cells.cells import GOOD, Cells
from ...look.simple_cells.gabor_fit import drawn_gabor
from ..style import PRINT, Style, styled
from .page import EDGE, UNTRAINED, Array, Page, cut

PAIRS = 8  # filters shown with the Gabor function that is fitted to them
BETWEEN = 0.3  # inches between columns
SHOWN = {"print": 100, "slide": 64}  # filters of a layer


@styled
def cells_figure(learnt: Cells, others: Sequence[Cells] = (), *, style: Style = PRINT) -> Figure:
    """The learnt filters, the best fitted first; first layers; angle against frequency. A slide has filters left, the plane right."""
    page = Page(style, f"Filters learnt from {learnt.name} by {learnt.learnt}, without labels")
    if style.slide:
        _slide(page, learnt, others)
        return page.finish()
    columns = (learnt, *others)[:3]
    wide = (page.inner - BETWEEN * (len(columns) - 1)) / len(columns) if others else page.inner
    top, ends = page.y, []
    for k, cells in enumerate(columns):
        ends.append(_mosaic(page, cells, EDGE + k * (wide + BETWEEN), top, wide))
    page.y = max(ends) + 0.15
    _pairs(page, learnt)
    _plane(page.chart(EDGE + 0.65, page.y + 0.05, page.inner - 0.65, 2.6), (learnt, *others), style)
    page.y += 2.6 + 0.05 + 2 * page.line() + 0.2
    page.paragraph(note(learnt), "faint", style.small)
    return page.finish()


def note(learnt: Cells) -> str:
    """What the figure proves."""
    return (
        f"{learnt.share:.0%} of {len(learnt.filters)} filters are Gabor functions (R² ≥ {GOOD}), as simple cells of the visual cortex are; "
        f"median R² {learnt.median:.2f}. Each filter to its own scale, grey is zero. Filled points: R² ≥ {GOOD}."
    )


def _slide(page: Page, learnt: Cells, others: Sequence[Cells]) -> None:
    half = (page.inner - 2 * BETWEEN) / 2
    top, tall = page.y + 0.1, page.room - 2 * page.line() - 0.1
    if others:
        half = min((page.inner - 2 * BETWEEN * len(others[:2])) / (1 + len(others[:2])), tall - page.line())
        for k, cells in enumerate((learnt, *others[:2])):
            _mosaic(page, cells, EDGE + k * (half + 2 * BETWEEN), top, half)
    else:
        _mosaic(page, learnt, EDGE, top, min(half, tall - page.line()))
        _plane(page.chart(EDGE + half + 1.9, top + 0.2, half - 1.9, tall - 2.4 * page.line()), (learnt,), page.style)
    page.y = page.style.height - EDGE - page.line()
    page.paragraph(f"{learnt.share:.0%} are Gabor functions (R² ≥ {GOOD}), median R² {learnt.median:.2f}", "faint", most=1)


def _mosaic(page: Page, cells: Cells, x: float, y: float, width: float) -> float:
    """A heading and the filters in a square, or over the whole page in half as many rows; returns where it ends."""
    style, shown = page.style, cells.filters[: SHOWN[page.style.size]]
    page.text(x, y, cut(cells.name, style.text, width), "ink")
    y += page.line()
    state = f"{len(cells.filters)} filters, {cells.filters.shape[1]}×{cells.filters.shape[2]} px"
    state, role = (state, "faint") if cells.trained else (UNTRAINED.upper(), "bad")
    page.text(x, y, cut(state, style.small, width), role, style.small)
    y += page.line(style.small) + 0.04
    high = page.style.height - 2.6 * page.line() - EDGE - y if style.slide else width
    columns = math.ceil(math.sqrt(len(shown)))
    columns = 2 * columns if not style.slide and width > 0.9 * page.inner else columns
    step = min(width / columns, high / math.ceil(len(shown) / columns))
    for k, kernel in enumerate(shown):
        page.picture(_tile(kernel), x + k % columns * step, y + k // columns * step, 0.93 * step, 0.93 * step)
    return y + math.ceil(len(shown) / columns) * step


def _tile(kernel: Array) -> Array:
    """A filter around mid-grey, uint8 `(H, W, 3)`."""
    top = float(np.abs(kernel).max()) or 1.0
    pixels = ((kernel / (2 * top) + 0.5) * 255).round().astype(np.uint8)
    return pixels if kernel.ndim == 3 else np.repeat(pixels[..., None], 3, 2)


def _pairs(page: Page, learnt: Cells) -> None:
    """Some filters, from the best to the worst fitted, over their Gabor function and its R²."""
    places = np.linspace(0, len(learnt.fits) - 1, PAIRS).round().astype(int)
    page.paragraph("A filter (above) and the Gabor function fitted to it, from the best to the worst")
    side = (page.inner + 0.12) / PAIRS - 0.12
    for k, i in enumerate(places.tolist()):
        x, kernel, fit = EDGE + k * (side + 0.12), learnt.filters[i], learnt.fits[i]
        page.picture(_tile(kernel), x, page.y + 0.04, side, side)
        page.picture(_tile(_drawn(learnt, i)), x, page.y + 0.1 + side, side, side)
        words = f"R² {fit.r2:.2f}, {fit.angle:.0f}°"
        page.text(x + side / 2, page.y + 0.14 + 2 * side, words, "faint", page.style.small, ha="center")
    page.y += 2 * side + 0.2 + page.line(page.style.small) + 0.1


def _drawn(learnt: Cells, i: int) -> Array:
    """The Gabor function of a fit with its best amplitude and phase."""
    kernel = learnt.filters[i]
    basis = np.stack([wave.ravel() for wave in drawn_gabor(learnt.fits[i], kernel.shape[:2])], 1)
    weights = np.linalg.lstsq(basis, kernel.ravel(), rcond=None)[0]
    return np.asarray((basis @ weights).reshape(kernel.shape))


def _plane(axes: Axes, sets: Sequence[Cells], style: Style) -> None:
    """Angle against frequency: a point a filter, filled where it is a Gabor function."""
    colours = (style.colour("accent"), style.colour("mark"), *style.series[3:])
    for cells, colour in zip([cells for cells in sets if cells.fits], colours, strict=False):
        label = cells.name if cells.trained else f"{cells.name}, untrained"
        good = np.array([fit.r2 >= GOOD for fit in cells.fits])
        places = np.array([(fit.angle, fit.frequency) for fit in cells.fits])
        size = 9 * style.stroke**2
        axes.scatter(places[good, 0], places[good, 1], s=size, color=colour, label=label, linewidths=0)
        axes.scatter(places[~good, 0], places[~good, 1], s=size, facecolors="none", edgecolors=colour, linewidths=style.stroke / 2)
    words = "angle in degrees" if style.slide else "angle in degrees (0: vertical stripes)"
    axes.set(xlim=(-5, 185), ylim=(0, 0.62 if len(sets) == 1 else 0.75), xlabel=words, ylabel="cycles per px")
    axes.set_xticks([0, 45, 90, 135, 180])
    axes.set_yticks([0, 0.2, 0.4, 0.6])
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    if len(sets) > 1:
        axes.legend(loc="upper right", frameon=False, fontsize=style.small, ncols=3)
