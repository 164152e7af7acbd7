"""What hand-designed features see in a picture, each kind in its own way, in frames given in inches."""

from typing import NamedTuple

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import hsv_to_rgb
from matplotlib.patches import Circle
from numpy.typing import NDArray

from ....look.handmade.descriptors import Descriptors
from ....look.handmade.gradients import Gradients
from ....look.handmade.histograms import Histograms
from ....look.handmade.responses import Responses
from ...style import DARK
from ..page import Page, Scale

DIM = 0.35  # of the brightness that is left beneath strokes
BARS = {"red": "#d62f2f", "green": "#2f9e44", "blue": "#2f6fd6"}
STROKE = DARK["mark"]  # on a dimmed picture, in either theme
NUMBERS = 10  # pixels a side up to which their values are written
BRIGHT = 0.99  # quantile of |response| that has the full colour
MOST_POINTS, MOST_FILTERS = 40, 8


class Frame(NamedTuple):
    """A rectangle in inches from the top left."""

    x: float
    y: float
    width: float
    height: float


Picture = NDArray[np.uint8]


def _picture(page: Page, picture: Picture, frame: Frame, words: str) -> None:
    page.picture(picture, *frame)
    page.text(frame.x, frame.y + frame.height + 0.03, words, "faint", page.style.small)


def _beside(left: Frame, right: Frame) -> Frame:
    """A frame of the picture's size, as far right as there is room."""
    return left._replace(x=min(right.x, right.x + right.width - left.width))


def draw_gradients(page: Page, picture: Picture, found: Gradients, left: Frame, right: Frame) -> float:
    """Strokes along the edges over the dimmed picture: the brighter, the stronger."""
    over = _beside(left, right)
    _picture(page, picture, left, "picture")
    _picture(page, (picture * DIM).astype(np.uint8), over, "HOG: strokes along the edges" if page.style.slide else
             "HOG over the picture: strokes along the edges of each cell")  # fmt: skip
    lines, strengths = found.strokes()
    factor = over.width / picture.shape[1]
    ends = lines * factor + np.array([over.x, over.y] * 2)
    seen = strengths > 0.02
    width = np.clip(0.12 * found.side * factor * 72, 0.4, 4.0)
    colours = np.column_stack([np.tile(_rgb(STROKE), (int(seen.sum()), 1)), strengths[seen] ** 0.7])
    page.canvas.add_collection(LineCollection(ends[seen].reshape(-1, 2, 2), colors=colours, linewidths=width, capstyle="butt"))
    return over.y + over.height + page.line()


def _rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))


def draw_histograms(page: Page, picture: Picture, found: Histograms, left: Frame, right: Frame) -> float:
    """Bars for each channel, one chart for each part of the picture."""
    _picture(page, picture, left, "picture")
    channels, cells, _, levels = found.shares.shape
    if cells > 1:
        for i in range(cells):
            for j in range(cells):
                page.box(left.x + j * left.width / cells, left.y + i * left.height / cells, left.width / cells, left.height / cells,
                         "none", STROKE, 0.7)  # fmt: skip
        return _cells(page, found, right)
    tall = (right.height - 0.1 * (channels - 1)) / channels - page.line(page.style.small)
    for k, name in enumerate(found.channels):
        top = right.y + k * (tall + 0.1 + page.line(page.style.small))
        page.text(right.x, top, f"{name}, dark to light" if name == "brightness" else name, "faint", page.style.small)
        axes = page.chart(right.x, top + page.line(page.style.small), right.width, tall)
        axes.bar(np.arange(levels), found.shares[k, 0, 0], width=0.9, color=_bars(page, name, levels))
        axes.set(xlim=(-0.5, levels - 0.5), xticks=[], yticks=[], ylim=(0, None))
        axes.spines["left"].set_visible(False)
    return right.y + right.height + page.line()


def _cells(page: Page, found: Histograms, right: Frame) -> float:
    """Small charts in the arrangement of the parts, the channels over one another."""
    _, cells, _, levels = found.shares.shape
    wide, tall = right.width / cells, right.height / cells
    for i in range(cells):
        for j in range(cells):
            axes = page.chart(right.x + j * wide, right.y + i * tall, 0.92 * wide, 0.86 * tall)
            for k, name in enumerate(found.channels):
                colour = BARS.get(name, page.style.series[1 + k])
                axes.fill_between(np.arange(levels), found.shares[k, i, j], step="mid", color=colour, alpha=0.55, linewidth=0)
            axes.set(xlim=(-0.5, levels - 0.5), xticks=[], yticks=[], ylim=(0, None))
            axes.spines["left"].set_visible(False)
    page.text(right.x, right.y + right.height + 0.03, f"{', '.join(found.channels)} in each part", "faint", page.style.small)
    return right.y + right.height + page.line()


def _bars(page: Page, name: str, levels: int) -> list[tuple[float, ...]] | str:
    """The colours of the bars: the channel's own, the hues themselves, else the accent."""
    if name == "hue":
        return [tuple(hsv_to_rgb(((i + 0.5) / levels, 0.85, 0.9))) for i in range(levels)]
    return BARS.get(name, page.style.colour("accent"))


def draw_responses(page: Page, picture: Picture, found: Responses, left: Frame, right: Frame) -> float:
    """Each filter over its response, in columns."""
    _picture(page, picture, left, "picture")
    chosen = _chosen(found, page.style.slide)
    columns, gap, label = len(chosen[0]), 0.08, page.line(page.style.small)
    wide = (right.width - gap * (columns - 1)) / columns
    height, width = picture.shape[:2]
    y = right.y
    for row in chosen:
        tall = min(wide * height / width, (right.height / len(chosen) - label - gap) * 0.72 if page.style.slide else 9.0)
        side = min(wide, 0.6 * tall if page.style.slide else 0.45)
        for k, i in enumerate(row):
            x, kernel = right.x + k * (wide + gap), found.kernels[i]
            page.text(x, y, _label(found.names[i]), "faint", page.style.small)
            page.picture(kernel, x, y + label, side, side, Scale(kernel, True))
            top = float(np.quantile(np.abs(found.maps[i]), BRIGHT))
            page.picture(found.maps[i], x, y + label + side + 0.04, min(wide, tall * width / height), tall, Scale(None, True, -top, top))
        y += label + side + tall + 0.04 + gap
    return max(y, right.y + right.height + page.line())


def _chosen(found: Responses, slide: bool) -> list[list[int]]:
    """Filters by row: all differences of Gaussians; Gabor's even functions by wavelength in 4 directions, on a slide of the longer only."""
    if not found.names[0].endswith("even"):
        return [list(range(len(found.names)))]
    even = range(0, len(found.names), 2)
    rows = [[i for i in even if i // (2 * MOST_FILTERS) == scale] for scale in range(len(found.names) // (2 * MOST_FILTERS))]
    return [row[::2] for row in (rows[-1:] if slide else rows)]


def _label(name: str) -> str:
    """`σ = 1 px`; of a Gabor function wavelength and direction."""
    return name.removesuffix(", even").removeprefix("λ = ")


def draw_descriptors(page: Page, picture: Picture, found: Descriptors, left: Frame, right: Frame) -> float:
    """The grid with one descriptor's bins and directions, and the key points as circles of the blob's size."""
    factor = left.width / picture.shape[1]
    dim = (picture * 0.6).astype(np.uint8)
    _picture(page, dim, left, "grid of descriptors, one drawn")
    y, x = np.meshgrid(found.rows, found.columns, indexing="ij")
    page.canvas.plot(left.x + (x.ravel() + 0.5) * factor, left.y + (y.ravel() + 0.5) * factor, ".", color="#ffffff", alpha=0.55,
                     markersize=1.5 * page.style.stroke, markeredgewidth=0)  # fmt: skip
    _one_descriptor(page, found, left, factor)
    over = _beside(left, right)
    colours = "" if page.style.slide else "; orange: light on dark, blue: dark on light"
    _picture(page, dim, over, f"{min(MOST_POINTS, len(found.points))} of {len(found.points)} key points{colours}")
    for point in found.points[:MOST_POINTS]:
        centre = (over.x + (point.column + 0.5) * factor, over.y + (point.row + 0.5) * factor)
        radius = np.sqrt(2) * point.sigma * factor  # where the blob's Laplacian changes its sign
        colour = STROKE if point.response < 0 else DARK["accent"]
        page.canvas.add_patch(Circle(centre, radius, facecolor="none", edgecolor=colour, linewidth=page.style.stroke * 0.8, clip_on=True))
    return over.y + over.height + page.line()


def _one_descriptor(page: Page, found: Descriptors, frame: Frame, factor: float) -> None:
    """4×4 bins around a place, and in each its 8 directions as arrows from its centre."""
    row, column = found.strongest
    bins = found.descriptors[row, column].reshape(4, 4, 8)
    side = found.side * factor
    left, top = (start + (place + 0.5) * factor - 2 * side for start, place in
                 ((frame.x, found.columns[column]), (frame.y, found.rows[row])))  # fmt: skip
    page.box(left, top, 4 * side, 4 * side, (0, 0, 0, 0.55), STROKE, 1)
    angle = np.arange(8) * np.pi / 4
    longest = float(bins.max()) or 1.0
    lines = []
    for i in range(4):
        for j in range(4):
            x, y = left + (j + 0.5) * side, top + (i + 0.5) * side
            reach = 0.62 * side * bins[i, j] / longest
            lines += [[(x, y), (x + r * np.cos(a), y - r * np.sin(a))] for r, a in zip(reach, angle, strict=True)]
    page.canvas.add_collection(LineCollection(lines, colors="#ffffff", linewidths=page.style.stroke * 0.7))


def draw_pixels(page: Page, picture: Picture, left: Frame, right: Frame) -> float:
    """The picture, and next to it the levels of its pixels where there are few of them, else its rows one after the other."""
    _picture(page, picture, left, "picture")
    rows, columns = picture.shape[:2]
    if max(rows, columns) > NUMBERS:
        line = np.broadcast_to(picture.reshape(1, -1, 3), (1, rows * columns, 3))
        page.picture(np.repeat(line[:, :: max(1, rows * columns // 640)], 2, 0), right.x, right.y, right.width, 0.3 * right.height)
        page.text(right.x, right.y + 0.3 * right.height + 0.03, "its rows one after the other", "faint", page.style.small)
        return left.y + left.height + page.line()
    over = right if page.style.slide else _beside(left, right)
    wide, tall = over.width / columns, over.height / rows
    for i in range(rows):
        for j in range(columns):
            level = int(picture[i, j].mean())
            page.box(over.x + j * wide, over.y + i * tall, wide, tall, "none", page.style.colour("line"), 0.5)
            page.text(over.x + (j + 0.5) * wide, over.y + (i + 0.5) * tall, str(level), ha="center", va="center")
    page.text(over.x, over.y + over.height + 0.03, "its levels, 0 to 255", "faint", page.style.small)
    return over.y + over.height + page.line()
