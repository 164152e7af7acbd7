"""The sliding filter: picture, products and maps as cells with their numbers."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from ...look.convolution import Convolution, Step, transposed_remark
from ..style import PRINT, Style, styled
from .page import EDGE, Page, Scale, measure

BETWEEN = 0.28  # inches between two matrices


class Part(NamedTuple):
    """A matrix, how many of its cells are shown, and whether its numbers are signed."""

    name: str
    values: Tensor
    shown: int
    signed: bool = True


def frames(convolution: Convolution, title: str, remark: bool = True, *, style: Style = PRINT) -> list[Figure]:
    """A frame for every place of the filter; the last one shows all of the map."""
    return [frame(convolution, place, title, remark, style=style) for place in range(len(convolution.steps))]


@styled
def frame(convolution: Convolution, place: int, title: str, remark: bool = True, *, style: Style = PRINT) -> Figure:
    """The filter at a place: what it covers, the products, their sum in the feature map; the maps after it once all is filled."""
    step, parts = convolution.steps[place], _parts(convolution, place)
    rows = [parts[:3], parts[3:]]
    wide = max(sum(_wide(part, style) for part in row) for row in rows)
    page = Page(style, title, width=max(style.width, wide + BETWEEN * 3 + 2 * EDGE) if not style.slide else 0.0)
    cell = min(0.5, (page.room - 3.0 * page.line()) / 10) if style.slide else 0.30
    for row in rows:
        x = EDGE
        for part in row:
            page.text(x, page.y, part.name, "faint")
            _cells(page, part, x, page.y + page.line() + 0.03, cell)
            if part.name == "picture":
                _mark(page, part, x, cell, step.row, step.column, convolution.filter.shape)
            if part.name == "feature map":
                _mark(page, part, x, cell, step.row, step.column, (1, 1))
            x += _wide(part, style) + BETWEEN
        page.y += page.line() + max(part.values.shape[0] for part in row) * cell + 0.12
    page.paragraph(_sum(step, style), most=1 if style.slide else 3)
    if remark and not style.slide:
        page.paragraph(transposed_remark(convolution), "faint", style.small)
    return page.finish()


def _parts(convolution: Convolution, place: int) -> list[Part]:
    last = place == len(convolution.steps) - 1
    parts = [
        Part("picture", convolution.picture, convolution.picture.numel(), False),
        Part("filter", convolution.filter, convolution.filter.numel()),
        Part("products", convolution.steps[place].products, convolution.filter.numel()),
        Part("feature map", convolution.feature_map, place + 1),
        Part("after ReLU", convolution.relu, convolution.relu.numel() * last),
    ]
    return parts + (
        [Part("2×2 max pool", convolution.max_pool, convolution.max_pool.numel() * last)] if convolution.max_pool.numel() else []
    )


def _sum(step: Step, style: Style) -> str:
    written = step.products.numel() <= 16 and not style.slide
    terms = " ".join(_number(float(v), "+g") for v in step.products.flatten()) if written else "sum of products"
    return f"row {step.row + 1}, column {step.column + 1}:  {terms} = {_number(step.sum, '.6g')}"


def _number(value: float, form: str = ".4g") -> str:
    return format(value + 0.0, form).replace("-", "−")


def _cell(part: Part, style: Style) -> float:
    """The width of a cell: that of its longest number."""
    longest = max(measure(_number(float(v)), style.text) for v in part.values.flatten())
    return max(longest + (0.08 if style.slide else 0.085), 0.30)


def _wide(part: Part, style: Style) -> float:
    return max(_cell(part, style) * part.values.shape[1], measure(part.name, style.text))


def _cells(page: Page, part: Part, x: float, y: float, tall: float) -> None:
    scale, wide = Scale(part.values.numpy(), part.signed), _cell(part, page.style)
    colours = scale.rgb(part.values.numpy())
    rows, columns = part.values.shape
    for k in range(rows * columns):
        i, j = divmod(k, columns)
        seen = k < part.shown
        colour = "#{:02x}{:02x}{:02x}".format(*colours[i, j]) if seen else "none"
        page.box(x + j * wide, y + i * tall, wide, tall, colour, page.style.colour("line"), 0.5)
        if seen:
            dark = float(np.dot(colours[i, j], (0.299, 0.587, 0.114))) < 130
            number = _number(float(part.values[i, j]))
            page.text(x + (j + 0.5) * wide, y + (i + 0.5) * tall, number, "#ffffff" if dark else "#14171c", ha="center", va="center")


def _mark(page: Page, part: Part, x: float, tall: float, row: int, column: int, size: tuple[int, ...]) -> None:
    wide, top = _cell(part, page.style), page.y + page.line() + 0.03
    page.box(x + column * wide, top + row * tall, size[1] * wide, size[0] * tall, "none", page.style.colour("mark"), 2)
