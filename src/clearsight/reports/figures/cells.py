"""Matrices as cells with their numbers, next to one another, some of the cells marked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ..style import Style
from .page import EDGE, Array, Page, Scale, measure

BETWEEN = 0.28  # inches between two matrices
LEAST = 0.30  # inches of a cell's width


class Mark(NamedTuple):
    """A rectangle of cells, its colour (a role or `#rrggbb`), and how far inside of their edge it is, in inches."""

    top: int
    left: int
    height: int = 1
    width: int = 1
    role: str = "mark"
    inset: float = 0.0


@dataclass
class Matrix:
    """Numbers `(rows, columns)` under a name; `pixels` are drawn in grey, 0 black and the largest white, other numbers signed.

    The first `shown` cells are filled (all, if it is negative), with `words` instead of the numbers if those are given; `numbers` False
    leaves colours only. `limit` is the largest magnitude of the scale, `fixed` the width of a cell in inches.
    """

    name: str
    values: Array
    pixels: bool = False
    shown: int = -1
    words: Sequence[str] | None = None
    numbers: bool = True
    limit: float = 0.0
    fixed: float = 0.0
    marks: list[Mark] = field(default_factory=list)

    def texts(self) -> list[str]:
        """What is written in the cells."""
        if not self.numbers:
            return [""] * self.values.size
        return list(self.words) if self.words else [number(float(v)) for v in self.values.flatten()]

    def scale(self) -> Scale:
        """The colours of the numbers."""
        if self.pixels:
            grey = Scale(self.values, False, min(0.0, float(self.values.min())), float(self.values.max()) or 1.0)
            grey.cmap = "gray"
            return grey
        return Scale([self.limit], True) if self.limit else Scale(self.values, True)

    def cell(self, style: Style) -> float:
        """The width of a cell: that of its longest text, on a slide clear of the marks inside of it."""
        longest: float = max(measure(line, style.text) for text in self.texts() for line in text.split("\n"))
        inside = 2 * max((mark.inset for mark in self.marks), default=0.0) if style.slide else 0.0
        return self.fixed or max(longest + (0.08 if style.slide else 0.085) + 1.2 * inside, LEAST)

    def width(self, style: Style) -> float:
        """Inches, of the cells or of the name."""
        return max(self.cell(style) * int(self.values.shape[1]), measure(self.name, style.text))


def row_width(matrices: Sequence[Matrix], style: Style) -> float:
    """Inches of matrices next to one another."""
    return sum(matrix.width(style) for matrix in matrices) + BETWEEN * (len(matrices) - 1)


def draw_row(page: Page, matrices: Sequence[Matrix], tall: float, x: float = EDGE) -> float:
    """Matrices from the cursor down, their rows `tall` inches, of two-line cells twice that; returns where the last one ends."""
    lowest = page.y
    for matrix in matrices:
        page.text(x, page.y, matrix.name, "faint")
        high = tall * lines(matrix)
        draw_cells(page, matrix, x, page.y + page.line() + 0.03, matrix.cell(page.style), high)
        lowest = max(lowest, page.y + page.line() + matrix.values.shape[0] * high)
        x += matrix.width(page.style) + BETWEEN
    page.y = lowest + 0.12
    return x - BETWEEN


def lines(matrix: Matrix) -> int:
    """Of a cell."""
    return max(text.count("\n") for text in matrix.texts()) + 1


def draw_cells(page: Page, matrix: Matrix, x: float, y: float, wide: float, tall: float) -> None:
    """The cells of a matrix at a place, each `wide` and `tall` inches, and its marks."""
    colours, texts = matrix.scale().rgb(matrix.values), matrix.texts()
    rows, columns = matrix.values.shape
    for k in range(rows * columns):
        i, j = divmod(k, columns)
        seen = matrix.shown < 0 or k < matrix.shown
        colour = "#{:02x}{:02x}{:02x}".format(*colours[i, j]) if seen else "none"
        page.box(x + j * wide, y + i * tall, wide, tall, colour, page.style.colour("line"), 0.5)
        if seen and texts[k]:
            ink = "#ffffff" if float(np.dot(colours[i, j], (0.299, 0.587, 0.114))) < 130 else "#14171c"
            parts = texts[k].split("\n")
            for n, part in enumerate(parts):
                middle = y + (i + 0.5) * tall + (n - (len(parts) - 1) / 2) * page.line()
                page.text(x + (j + 0.5) * wide, middle, part, ink, ha="center", va="center")
    for mark in matrix.marks:
        left, top = x + mark.left * wide + mark.inset, y + mark.top * tall + mark.inset
        colour = mark.role if mark.role.startswith("#") else page.style.colour(mark.role)
        page.box(left, top, mark.width * wide - 2 * mark.inset, mark.height * tall - 2 * mark.inset, "none", colour, 2)


def number(value: float, form: str = ".4g") -> str:
    """`−105.5`."""
    return format(value + 0.0, form).replace("-", "−")


def array(values: Any) -> Array:
    """A tensor as an array of float64."""
    return np.asarray(values, float)
