"""The sliding filter: picture, products and maps as cells with their numbers; pooling; the curve detector."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from ...look.convolution import Calculation, Convolution, Stage, Step, Window
from ..style import PRINT, Style, styled
from .cells import BETWEEN, LEAST, Mark, Matrix, array, draw_row, lines, number, row_width
from .page import EDGE, Page, measure

MOST_SIDE = 12  # rows and columns of a picture whose numbers are written
MOST_FRAMES = 64
HIGH, GAP = 0.30, 0.12  # inches
Place = tuple[int, int]
Moment = tuple[int, int]  # the stage (−1 is the convolution) and how many of its places are done, less one
HEADS = {"relu": "after ReLU", "maxpool": "max pool", "avgpool": "average pool"}


def moments(found: Calculation) -> list[Moment]:
    """What an animation shows: every place of the filter, then every window of each stage, a ReLU row by row."""
    every: list[Moment] = []
    if found.convolution:
        every += [(-1, k) for k in range(found.convolution.maps[0].numel())]
    for s, stage in enumerate(found.stages):
        rows, columns = stage.maps.shape[1:]
        places = range(columns - 1, rows * columns, columns) if stage.operation == "relu" else range(rows * columns)
        every += [(s, k) for k in places]
    step = -(-len(every) // MOST_FRAMES)
    return every if step <= 1 else [*every[:-1:step], every[-1]]


def frames(found: Calculation, title: str, *, style: Style = PRINT) -> list[Figure]:
    """A frame for every moment; the last one shows everything."""
    return [frame(found, moment, title, style=style) for moment in moments(found)]


@styled
def frame(found: Calculation, moment: Moment | None, title: str, at: Place | None = None, *, style: Style = PRINT) -> Figure:
    """The calculation at a moment; without one all of it, worked out for the place `at` (row, column) of the map, the first by default."""
    if found.convolution is None:
        return _pooled(found, moment, title, at, style)
    rows = _rows(found, found.convolution, moment, at, style)
    wide = max(row_width(row, style) for row in rows)
    page = Page(style, title, width=max(style.width, wide + 2 * EDGE))
    cells = sum(max(matrix.values.shape[0] * lines(matrix) for matrix in row) for row in rows)
    tall = min(0.46, (page.room - page.line() * (len(rows) + 1) - GAP * (len(rows) + 1)) / cells) if style.slide else HIGH
    for row in rows:
        draw_row(page, row, tall)
    page.paragraph(_words(found, moment, at, style, page.inner), most=1 if style.slide else 3)
    return page.finish()


def fits(found: Calculation, style: Style) -> bool:
    """Whether the numbers of one picture, filter and map can be written into their cells."""
    if found.convolution is None:
        return max(found.picture.shape[1:]) <= MOST_SIDE and len(found.picture) <= 2
    height, width = (n + 2 * found.convolution.padding for n in found.picture.shape[1:])
    if len(found.picture) > 1 or len(found.convolution.filters) > 1 or max(height, width) > MOST_SIDE:
        return False
    rows = _rows(found, found.convolution, None, None, style)
    cells = sum(max(matrix.values.shape[0] * lines(matrix) for matrix in row) for row in rows)
    room = (style.height - 2.2) / max(cells, 1)
    return not style.slide or (max(row_width(row, style) for row in rows) <= style.width - 2 * EDGE and room >= 0.36)


def _rows(found: Calculation, convolution: Convolution, moment: Moment | None, at: Place | None, style: Style) -> list[list[Matrix]]:
    stage, place = moment or (-1, 0)
    step = convolution.step(0, *(at or divmod(place if stage < 0 else 0, convolution.maps.shape[2])))
    padded = _picture(convolution)
    products = _products(convolution, step)
    if stage < 0:
        padded.marks += _window(convolution, step)
    else:
        products = replace(products, shown=0)
    above = [padded, Matrix("filter", array(convolution.filters[0, 0])), products]
    everything = moment is None
    first = Matrix("feature map", array(convolution.maps[0]), shown=place + 1 if stage < 0 and not everything else -1)
    if stage < 0:
        first.marks.append(Mark(step.row, step.column))
    below = [first]
    for s, one in enumerate(found.stages):
        shown = -1 if everything or s < stage else place + 1 if s == stage else 0
        below.append(Matrix(head(one), array(one.maps[0]), shown=shown))
        if everything:
            _everywhere(below[-2], below[-1], one, style)
        elif s == stage:
            _mark_window(below[-2], below[-1], one, place)
    return [above, below]


def head(stage: Stage) -> str:
    """`2×2 max pool`."""
    size = "" if stage.operation == "relu" else f"{stage.size}×{stage.size} "
    return f"{size}{HEADS[stage.operation]}"


def _picture(convolution: Convolution) -> Matrix:
    """The picture, with its padding as cells of 0."""
    around = [(convolution.padding, convolution.padding)] * 2
    name = f"picture, padding {convolution.padding}" if convolution.padding else "picture"
    return Matrix(name, np.pad(array(convolution.picture[0]), around), pixels=True)


def _window(convolution: Convolution, step: Step) -> list[Mark]:
    """The cells under the filter: one rectangle, or with dilation a cell for each of its numbers."""
    top, left, d = step.top + convolution.padding, step.left + convolution.padding, convolution.dilation
    rows, columns = convolution.filters.shape[2:]
    if d == 1:
        return [Mark(top, left, rows, columns)]
    return [Mark(top + d * i, left + d * j) for i in range(rows) for j in range(columns)]


def _products(convolution: Convolution, step: Step) -> Matrix:
    """The products, written out where there are few."""
    values, weights = array(step.products[0]), array(convolution.filters[step.filter, 0])
    words = None
    if values.size <= 9:
        pairs = zip(weights.flatten(), array(step.patch[0]).flatten(), values.flatten(), strict=True)
        words = [f"{number(w)}·{number(x)}\n= {number(p)}" for w, x, p in pairs]
    return Matrix("products", values, words=words)


def _everywhere(before: Matrix, after: Matrix, stage: Stage, style: Style, map: int = 0) -> tuple[str, ...]:
    """Mark each window of a pooling in a colour of its own, its maximum, and the cell it becomes; return the colours.

    Windows that overlap are not marked, nor are more of them than the style has colours.
    """
    if stage.operation == "relu" or stage.stride < stage.size or stage.maps[map].numel() > len(style.series) - 1:
        return ()
    for colour, window in zip(style.series[1:], stage.windows(map), strict=False):
        edge = 0.035 if style.slide else 0.018
        before.marks.append(Mark(window.top, window.left, stage.size, stage.size, colour, edge))
        if window.best:
            before.marks.append(Mark(window.top + window.best[0], window.left + window.best[1], 1, 1, colour, edge))
        after.marks.append(Mark(window.row, window.column, 1, 1, colour, edge))
    return style.series[1:]


def _mark_window(before: Matrix, after: Matrix, stage: Stage, place: int) -> None:
    columns = stage.maps.shape[2]
    row, column = divmod(place, columns)
    if stage.operation == "relu":
        before.marks.append(Mark(row, 0, 1, columns))
        after.marks.append(Mark(row, 0, 1, columns))
        return
    window = stage.window(0, row, column)
    before.marks += _of_window(window)
    after.marks.append(Mark(row, column))


def _of_window(window: Window) -> list[Mark]:
    best = [Mark(window.top + window.best[0], window.left + window.best[1], role="accent")] if window.best else []
    return [Mark(window.top, window.left, *window.patch.shape), *best]


def _words(found: Calculation, moment: Moment | None, at: Place | None, style: Style, width: float) -> str:
    """The sum of the moment, written out as far as there is room."""
    assert found.convolution is not None
    stage, place = moment or (-1, 0)
    if stage >= 0:
        return _stage_words(found.stages[stage], divmod(place, found.stages[stage].maps.shape[2]))
    step = found.convolution.step(0, *(at or divmod(place, found.convolution.maps.shape[2])))
    bias = found.convolution.bias[step.filter]
    values = [float(v) for v in step.products.flatten()] + ([bias] if bias else [])
    terms = " ".join(number(v, "+g") for v in values).removeprefix("+")
    end = f" = {number(step.sum, '.6g')}"
    start = f"row {step.row}, column {step.column}:  "
    many = len(values) > 16 or (style.slide and measure(start + terms + end, style.text) > width)
    return start + ("sum of the products" if many else terms) + end


def _stage_words(stage: Stage, at: Place) -> str:
    row, column = at
    if stage.operation == "relu":
        return f"row {row}:  ReLU keeps what is positive, max(0, value)"
    return f"row {row}, column {column}:  {window_words(stage.window(0, row, column))}"


def window_words(window: Window) -> str:
    """`max(32.5, −105.5, −105.5, 104) = 104`."""
    values = ", ".join(number(float(v)) for v in window.patch.flatten())
    return f"{'max' if window.best else 'mean'}({values}) = {number(window.value)}"


Lines = list[tuple[str, str]]  # words and the role of their colour


def _pooled(found: Calculation, moment: Moment | None, title: str, at: Place | None, style: Style) -> Figure:
    """Each map in a row of its own, before and after each stage, and one of its windows in words, or each of them."""
    rows: list[tuple[list[Matrix], Lines]] = []
    for map, values in enumerate(found.picture):
        row, words = [Matrix(f"map {map}", array(values))], list[tuple[str, str]]()
        for s, stage in enumerate(found.stages):
            now, place = moment or (len(found.stages), 0)
            row.append(Matrix(stage.words, array(stage.maps[map]), shown=-1 if s < now else place + 1 if s == now else 0))
            chosen = at or divmod(place, stage.maps.shape[2])
            if stage.operation != "relu" and (s == now or (s == 0 and at and not moment)):
                window = stage.window(map, *chosen)
                row[-2].marks += _of_window(window)
                row[-1].marks.append(Mark(window.row, window.column))
                words = [(window_words(window), "ink")]
            elif moment is None and (colours := _everywhere(row[-2], row[-1], stage, style, map)):
                words = [(window_words(w), colour) for w, colour in zip(stage.windows(map), colours, strict=False)]
        rows.append((row, words))
    return _drawn(rows, title, style)


def _drawn(rows: Sequence[tuple[list[Matrix], Lines]], title: str, style: Style) -> Figure:
    """Rows of matrices, the words of each to their right; those that find no room there are left out."""
    page = Page(style, title, width=max(style.width, max(row_width(row, style) for row, _ in rows) + 2 * EDGE))
    cells = sum(max(matrix.values.shape[0] for matrix in row) for row, _ in rows)
    tall = min(0.9, (page.room - (page.line() + GAP + 0.05) * len(rows)) / cells) if style.slide else HIGH
    for row, words in rows:
        for matrix in row:
            matrix.fixed = max(matrix.cell(style), min(tall, 0.9))
        top = page.y + page.line() + 0.03
        end = draw_row(page, row, tall) + 2 * BETWEEN
        y = top + (page.y - GAP - top - len(words) * page.line()) / 2
        for i, (text, role) in enumerate(words):
            if end + measure(text, style.text) <= page.width - EDGE and len(words) * page.line() <= page.y - top:
                page.text(end, y + i * page.line(), text, role)
    return page.finish()


@styled
def curve_figure(match: Calculation, mismatch: Calculation, title: str, *, style: Style = PRINT) -> Figure:
    """The filter on a picture that has its shape and on one that has not: the pixels it asks for marked, products, sum."""
    rows = [_detector(found, name, style) for found, name in ((match, "a curve like it"), (mismatch, "another shape"))]
    sums = [_summed(found, style) for found in (match, mismatch)]
    size = style.title
    room = max(measure(words, size) for lines in sums for words in lines) + BETWEEN
    page = Page(style, title, width=max(style.width, max(row_width(row, style) for row in rows) + room + 2 * EDGE))
    tall = (page.room - 2 * (page.line() + GAP + 0.05)) / sum(row[0].values.shape[0] for row in rows) if style.slide else 0.27
    for row, words in zip(rows, sums, strict=True):
        top = page.y
        end = draw_row(page, row, tall)
        middle = (top + page.line() + page.y) / 2
        for k, line in enumerate(words):
            y = middle + (k - (len(words) - 1) / 2) * page.line(size)
            page.text(end + BETWEEN, y, line, "mark" if words[-1] != "= 0" else "ink", size, va="center")
    return page.finish()


def _summed(found: Calculation, style: Style) -> list[str]:
    """`= 6600`; on a slide, where the products find no room in their cells, after them: `4·1500`, `+ 600`."""
    assert found.convolution is not None
    step = found.convolution.step(0, 0, 0)
    counts = Counter(float(v) for v in step.products.flatten() if v) if style.slide else {}
    terms = [f"{f'{count}·' if count > 1 else ''}{number(value)}" for value, count in sorted(counts.items(), reverse=True)]
    return [*(f"{'+ ' if k else ''}{term}" for k, term in enumerate(terms)), f"= {number(step.sum, 'g')}"]


def _detector(found: Calculation, name: str, style: Style) -> list[Matrix]:
    assert found.convolution is not None
    step, weights = found.convolution.step(0, 0, 0), array(found.convolution.filters[0, 0])
    asked = [Mark(i, j) for i in range(weights.shape[0]) for j in range(weights.shape[1]) if weights[i, j]]
    products = array(step.products[0])
    words = [number(float(v)) if w else "" for v, w in zip(products.flatten(), weights.flatten(), strict=True)]
    picture = Matrix(name, array(found.picture[0]), pixels=True, marks=asked)
    wide = max(picture.cell(style), 0.5 if style.slide else LEAST)  # a product's number may be wider: the cells around it are empty
    row = [
        picture,
        Matrix("filter", weights, marks=asked),
        Matrix("products", products, words=words, numbers=not style.slide, marks=asked, limit=2 * float(abs(products).max())),
    ]
    return [replace(matrix, fixed=wide) for matrix in row]
