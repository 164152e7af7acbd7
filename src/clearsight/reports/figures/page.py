"""A page to draw on: one coordinate system in inches from the top left, over all of a matplotlib figure."""

import warnings
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import text_to_path
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray
from PIL import Image

from ...base.errors import plain
from ..style import DIVERGING, SEQUENTIAL, Style

EDGE, GAP = 0.22, 0.12  # inches
LARGEST = 640  # px of a picture's longer side in a figure
UNTRAINED = "untrained weights"
Array = NDArray[Any]


class Page:
    """A figure that grows downwards from `y`; `finish` gives it its size. A slide has its size from the beginning."""

    def __init__(self, style: Style, title: str = "", trained: bool = True, width: float = 0.0) -> None:
        self.style = style
        self.width = style.width if style.slide else (width or style.width)
        self.figure = Figure(figsize=(self.width, style.height or 1.0))
        FigureCanvasAgg(self.figure)
        self.canvas = self.figure.add_axes((0, 0, 1, 1), frame_on=False, xticks=[], yticks=[])
        self.charts: list[tuple[Axes, tuple[float, float, float, float]]] = []
        self.y = EDGE
        if not trained:
            self._tag(UNTRAINED)
        if title:
            room = self.inner - (0 if trained else measure(UNTRAINED, style.text) + 0.4)
            self.paragraph(title, size=style.title, width=room)
            self.y += 0.06

    @property
    def inner(self) -> float:
        """The width between the edges."""
        return self.width - 2 * EDGE

    @property
    def room(self) -> float:
        """What is left of a slide's height."""
        return self.style.height - EDGE - self.y

    def line(self, size: float = 0.0) -> float:
        """The height of a line of text."""
        return 1.3 * (size or self.style.text) / 72

    def text(
        self, x: float, y: float, words: str, role: str = "ink", size: float = 0.0, ha: str = "left", va: str = "top", **more: Any
    ) -> None:
        """Words at a place in inches."""
        colour = self.style.colour(role) if not role.startswith("#") else role
        self.canvas.text(x, y, plain(words), color=colour, fontsize=size or self.style.text, ha=ha, va=va, **more)

    def paragraph(self, words: str, role: str = "ink", size: float = 0.0, width: float = 0.0, x: float = EDGE, most: int = 99) -> None:
        """Words in as many lines as they need, at most `most`."""
        size = size or self.style.text
        lines = wrapped(words, size, width or self.inner)
        if len(lines) > most:
            lines = [*lines[: most - 1], cut(" ".join(lines[most - 1 :]), size, width or self.inner)]
        for line in lines:
            self.text(x, self.y, line, role, size)
            self.y += self.line(size)

    def _tag(self, words: str) -> None:
        """A warning in the upper right corner."""
        wide, tall = measure(words, self.style.text) + 0.16, self.line() + 0.06
        x = self.width - EDGE - wide
        self.box(x, self.y, wide, tall, fill="none", edge=self.style.colour("bad"))
        self.text(x + wide / 2, self.y + tall / 2, words, "bad", ha="center", va="center")

    def box(self, x: float, y: float, width: float, height: float, fill: Any = "none", edge: Any = "none", stroke: float = 1.0) -> None:
        """A rectangle."""
        line = self.style.stroke / 1.5 * stroke
        self.canvas.add_patch(Rectangle((x, y), width, height, facecolor=fill, edgecolor=edge, linewidth=line))

    def picture(self, pixels: Array, x: float, y: float, width: float, height: float, shown: "Scale | None" = None) -> None:
        """RGB uint8 `(H, W, 3)`, or numbers `(H, W)` in the colours of a scale."""
        box = (x, x + width, y + height, y)
        if shown:
            self.canvas.imshow(pixels, extent=box, aspect="auto", cmap=shown.cmap, norm=shown.norm)
        else:
            self.canvas.imshow(reduced(pixels), extent=box, aspect="auto")

    def chart(self, x: float, y: float, width: float, height: float) -> Axes:
        """Axes of a chart at a place in inches."""
        made = self.figure.add_axes((0, 0, 0.1, 0.1))
        self.charts.append((made, (x, y, width, height)))
        return made

    def colour_bar(self, x: float, y: float, width: float, shown: "Scale", unit: str) -> float:
        """A colour bar with its unit beneath; returns the height it takes."""
        made = self.chart(x, y, width, self.style.text / 72)
        bar = self.figure.colorbar(ScalarMappable(shown.norm, shown.cmap), cax=made, orientation="horizontal")
        low, high = float(shown.norm.vmin or 0), float(shown.norm.vmax or 0)
        bar.set_ticks([low, (low + high) / 2, high])
        made.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
        for label, side in zip(made.get_xticklabels(), ("left", "center", "right"), strict=True):
            label.set(ha=side)
        bar.set_label(unit, fontsize=self.style.small, color=self.style.colour("faint"))
        bar.outline.set_visible(False)
        return self.style.text / 72 + 2 * self.line(self.style.small) + 0.16

    def finish(self) -> Figure:
        """The figure, as high as what is on it."""
        height = self.style.height or self.y + EDGE
        self.figure.set_size_inches(self.width, height)
        self.canvas.set(xlim=(0, self.width), ylim=(height, 0))
        for made, (x, y, wide, tall) in self.charts:
            made.set_position((x / self.width, 1 - (y + tall) / height, wide / self.width, tall / height))
        return self.figure


class Scale:
    """Colours of numbers: from the least to the greatest, or, for signed ones, as far below zero as above it."""

    def __init__(self, values: Any, signed: bool, low: float | None = None, high: float | None = None) -> None:
        values = np.asarray(values, float)
        least, most = (float(values.min()), float(values.max())) if low is None or high is None else (low, high)
        if signed:
            most = max(abs(least), abs(most)) or 1.0
            least = -most
        self.norm = Normalize(least, most if most > least else least + 1)
        self.cmap = DIVERGING if signed else SEQUENTIAL

    def rgb(self, values: Any) -> NDArray[np.uint8]:
        """The colours of numbers `(H, W)` as `(H, W, 3)`."""
        found: NDArray[np.uint8] = colormaps[self.cmap](self.norm(np.asarray(values, float)), bytes=True)[..., :3]
        return found


def reduced(pixels: Array) -> Array:
    """A picture whose longer side has at most LARGEST px."""
    factor = LARGEST / max(pixels.shape[:2])
    if factor >= 1:
        return pixels
    size = (max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor)))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))


def short(value: float) -> str:
    """`−0.0312`, `224`."""
    return f"{value:.3g}".replace("-", "−") if abs(value) > 1e-12 else "0"


@cache
def measure(words: str, size: float) -> float:
    """The width of a line of text in inches."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        width: float = text_to_path.get_text_width_height_descent(words, FontProperties(family=["DejaVu Sans"], size=size), False)[0]
    return width / 72


def cut(words: str, size: float, width: float) -> str:
    """The words, or as much of them as fits, with an ellipsis."""
    if measure(words, size) <= width:
        return words
    while words and measure(words + "…", size) > width:
        words = words[:-1]
    return words.rstrip() + "…"


def wrapped(words: str, size: float, width: float) -> list[str]:
    """The words in lines that fit; a word that is wider than a line is cut."""
    lines: list[str] = [""]
    for word in plain(words).split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if not lines[-1] or measure(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return [cut(line, size, width) for line in lines]


def apart(places: Sequence[float], least: float, highest: float) -> list[float]:
    """Places of labels, moved until none is nearer than `least` to another, and none above `highest`; the order is kept."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    found = list(places)
    for before, after in pairwise(order):
        found[after] = max(found[after], found[before] + least)
    over = max(0.0, found[order[-1]] - highest) if order else 0.0
    return [place - over for place in found]
