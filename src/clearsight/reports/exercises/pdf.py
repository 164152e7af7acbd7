"""A sheet as PDF: A4 pages, drawn with matplotlib."""

import io
import warnings
from collections.abc import Callable, Sequence
from typing import NamedTuple

from matplotlib.backends.backend_pdf import PdfPages

from ...exercises.exercise import Exercise, Grid, Part, minus
from ...exercises.sheet import Sheet
from ..figures.page import Page, measure, wrapped
from ..style import PRINT, Style, styled
from .grids import colours, is_number, shown
from .markdown import points

WIDTH, HEIGHT, MARGIN = 8.27, 11.69, 0.75  # inches
TEXT, SMALL, HEAD, TITLE = 10.0, 8.5, 12.5, 20.0  # points
INNER, BOTTOM = WIDTH - 2 * MARGIN, HEIGHT - 0.7
CELL = 0.27  # inches, a row of a grid
INDENT = 0.2
Draw = Callable[[Page], None]


class Block(NamedTuple):
    """Something of a height in inches, drawn at `page.y`; it is moved down by the height afterwards."""

    height: float
    draw: Draw


@styled
def pdf(sheet: Sheet, key: bool = False, *, style: Style = PRINT) -> bytes:
    """The pages; an exercise is kept on one page where it fits."""
    pages = [_page(style)]
    _put(pages, _header(sheet, key))
    for i, one in enumerate(sheet.exercises):
        _put(pages, _exercise(i + 1, one, key))
    stream = io.BytesIO()
    facts = {"Title": "Exercises", "CreationDate": None, "Creator": None, "Producer": None}
    with PdfPages(stream, metadata=facts) as file, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # such a letter of a name is drawn as a box
        for number, page in enumerate(pages, 1):
            page.text(WIDTH - MARGIN, HEIGHT - 0.45, f"{number} / {len(pages)}", "faint", SMALL, ha="right")
            page.y = HEIGHT - 0.22
            file.savefig(page.finish())
    return stream.getvalue()


def _page(style: Style) -> Page:
    page = Page(style, width=WIDTH)
    page.y = MARGIN
    return page


def _put(pages: list[Page], blocks: Sequence[Block]) -> None:
    """The blocks on the last page, or on a new one: all together if they fit on one, or else from where the page ends."""
    total = sum(block.height for block in blocks)
    page = pages[-1]
    if page.y + total > BOTTOM and page.y > MARGIN and (total <= BOTTOM - MARGIN or page.y > HEIGHT / 2):
        pages.append(_page(page.style))
    for block in blocks:
        if pages[-1].y + block.height > BOTTOM and pages[-1].y > MARGIN:
            pages.append(_page(page.style))
        page = pages[-1]
        block.draw(page)
        page.y += block.height


def _header(sheet: Sheet, key: bool) -> list[Block]:
    title = "Exercises: the key" if key else "Exercises"

    def rule(page: Page) -> None:
        if sheet.student or not key:
            page.text(WIDTH - MARGIN, page.y - 0.42, f"Name: {sheet.student or '_' * 36}", size=TEXT, ha="right")
        page.box(MARGIN, page.y, INNER, 0, edge=page.style.colour("ink"))

    about = f"Seed {sheet.seed} · {len(sheet.exercises)} exercises · {points(sheet.points)}"
    return [*_words(title, TITLE, weight="bold"), *_words(about, TEXT, "faint"), Block(0.15, rule)]


def _words(text: str, size: float = TEXT, role: str = "ink", indent: float = 0.0, weight: str = "normal") -> list[Block]:
    """A paragraph, each line a block."""
    high = 1.35 * size / 72
    text = text.replace("`", "")

    def line(words: str) -> Block:
        return Block(high, lambda page: page.text(MARGIN + indent, page.y, words, role, size, weight=weight))

    return [line(words) for words in wrapped(text, size, INNER - indent)]


def _gap(high: float) -> Block:
    return Block(high, lambda page: None)


def _exercise(number: int, one: Exercise, key: bool) -> list[Block]:
    blocks = [_gap(0.14), *_words(f"{number}. {one.title} ({points(one.points)})", HEAD, weight="bold"), _gap(0.03)]
    for text in one.question:
        blocks += [*_words(text), _gap(0.05)]
    blocks += _grids(one.grids)
    for part in one.parts:
        blocks += _part(part, key)
    return blocks + (_key(one) if key else []) + [_gap(0.08)]


def _part(part: Part, key: bool) -> list[Block]:
    prompt = f"{part.prompt} ({points(part.points)}):"
    if key:
        tolerance = f"  (± {part.tolerance:g})" if part.tolerance else ""
        return _words(f"{prompt}  {minus(part.answer)}{tolerance}", TEXT, "accent", INDENT)
    options = [block for i, option in enumerate(part.options) for block in _words(f"{chr(65 + i)}: {option}", TEXT, "ink", 2 * INDENT)]
    lines = wrapped(prompt, TEXT, INNER - INDENT)
    start = MARGIN + INDENT + measure(lines[-1], TEXT) + 0.1
    high = 1.1 if part.kind == "rows" else 0.02

    def blank(page: Page) -> None:
        if part.kind == "rows":
            page.box(MARGIN + INDENT, page.y + 0.05, 4.0, high - 0.1, edge=page.style.colour("line"))
        else:
            page.box(start, page.y - 0.05, min(2.2, WIDTH - MARGIN - start), 0, edge=page.style.colour("ink"), stroke=0.6)

    return [*_words(prompt, TEXT, "ink", INDENT), Block(high, blank), *options, _gap(0.07)]


def _key(one: Exercise) -> list[Block]:
    blocks = [_gap(0.05)]
    for text in one.solution:
        blocks += _words(text, TEXT, "ink", INDENT)
    blocks += [_gap(0.05)]
    for part in one.parts:
        for slip in part.slips:
            blocks += _words(f"{part.prompt}, {minus(slip.answer)}: {slip.comment}", SMALL, "faint", INDENT)
    return blocks


def _grids(grids: Sequence[Grid]) -> list[Block]:
    """The grids side by side, in as many rows as they need."""
    rows: list[list[Grid]] = [[]]
    for grid in grids:
        if rows[-1] and sum(_wide(one) + 0.3 for one in (*rows[-1], grid)) - 0.3 > INNER:
            rows.append([])
        rows[-1].append(grid)
    return [_side_by_side(row) for row in rows if row]


def _columns(grid: Grid) -> list[float]:
    widths = [max(measure(shown(cell), SMALL + 0.5) for cell in column) + 0.14 for column in zip(*grid.rows, strict=True)]
    return widths if grid.look == "table" else [max(CELL, *widths)] * len(widths)


def _wide(grid: Grid) -> float:
    return max(sum(_columns(grid)), measure(grid.name, SMALL))


def _side_by_side(grids: Sequence[Grid]) -> Block:
    high = max(len(grid.rows) for grid in grids)
    cell = CELL if high <= 10 else 0.205

    def draw(page: Page) -> None:
        x = MARGIN + INDENT
        for grid in grids:
            page.text(x, page.y, grid.name, "faint", SMALL)
            _cells(page, grid, x, page.y + 0.19, cell)
            x += _wide(grid) + 0.3

    return Block(0.19 + high * cell + 0.12, draw)


def _cells(page: Page, grid: Grid, x: float, y: float, high: float) -> None:
    widths = _columns(grid)
    for i, (row, fills) in enumerate(zip(grid.rows, colours(grid), strict=True)):
        left = x
        for cell, fill, wide in zip(row, fills, widths, strict=True):
            head = grid.look == "table" and i == 0
            page.box(left, y + i * high, wide, high, "#eef0f4" if head else fill, "#8a919c", 0.5)
            side = "center" if grid.look != "table" else "right" if is_number(shown(cell)) else "left"
            at = {"center": left + wide / 2, "right": left + wide - 0.07, "left": left + 0.07}[side]
            page.text(at, y + (i + 0.5) * high, shown(cell), "#14171c", SMALL + 0.5, ha=side, va="center_baseline")
            left += wide
