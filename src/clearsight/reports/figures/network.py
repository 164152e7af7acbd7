"""A network as blocks, and several networks next to each other: counts, and the receptive field by depth."""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Polygon
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from ...models.blocks import Block, blocks, folded, growth
from ...models.summary import Summary
from ..style import PRINT, Style, styled
from .page import EDGE, Page, apart, cut, measure

KINDS = {"CONV": 1, "MAX POOL": 3, "AVG POOL": 3, "NORM": 0, "FC": 4}  # kind → place in the colours of series
MODULE = 2
BAR = 0.07  # inches of the coloured bar at a block's left
LEADING = 1.14


class Grid(NamedTuple):
    """Cells of a drawing in inches."""

    columns: int
    gap: float
    width: float
    height: float
    step: float


@styled
def network_figure(name: str, summary: Summary, *, style: Style = PRINT) -> Figure:
    """The blocks in reading order, repeated ones once with their number, shortcuts as lines with a plus, heads of the training dashed."""
    size = "×".join(str(n) for n in (*summary.input_size[1:], summary.input_size[0]))
    page = Page(style, f"{name}, input {size}")
    every = _in_order(folded(blocks(summary)))
    grid = _grid(page, len(every))
    if style.slide:
        room = int((page.room - 2 * page.line()) / grid.step + 0.2) * grid.columns
        every = _shortened(every, room)
    top = page.y + 0.08
    for i, block in enumerate(every):
        x = EDGE + grid.gap / 2 + (i % grid.columns) * (grid.width + grid.gap)
        y = top + (i // grid.columns) * grid.step
        _arrows(page, grid, x, y, block, i == len(every) - 1)
        _box(page, grid, x, y, block)
    page.y = top + (-(-len(every) // grid.columns)) * grid.step
    page.paragraph(" · ".join(_totals(summary)), "faint", most=2)
    return page.finish()


def _grid(page: Page, n: int) -> Grid:
    """Six cells in a row, five on a slide, where three lines are in each, or four if there is room."""
    columns, gap = (5, 0.3) if page.style.slide else (6, 0.24)
    lines = 3 if page.style.slide and n > 3 * columns else 4
    tall = lines * _leading(page) + (0.1 if page.style.slide else 0.14)
    width = (page.inner - columns * gap) / columns
    return Grid(columns, gap, width, tall, tall + (0.19 if page.style.slide else 0.2))


def _leading(page: Page) -> float:
    return LEADING * page.style.text / 72


def _in_order(every: Sequence[Block]) -> list[Block]:
    """Heads of the training after the block whose output they take, the others at the end."""
    found = [block for block in every if not block.idle]
    for block in reversed([block for block in every if block.idle]):
        places = [i for i, other in enumerate(found) if block.after and block.after in other.names]
        found.insert(places[0] + 1 if places else len(found), block)
    return found


def _shortened(every: list[Block], room: int) -> list[Block]:
    if len(every) <= room:
        return every
    head = room // 2
    tail = room - head - 1
    left = every[head : len(every) - tail]
    hidden = Block(("…",), "…", f"{len(left)} blocks more", left[-1].output, sum(b.parameters for b in left), 0, 0, False, ())
    return [*every[:head], hidden, *every[len(every) - tail :]]


def _box(page: Page, grid: Grid, x: float, y: float, block: Block) -> None:
    style = page.style
    colour = style.series[KINDS.get(block.kind, MODULE)] if not block.idle else style.colour("faint")
    copies = 0.05 * (2 if style.slide else 1) if block.times > 1 else 0.0
    if copies:
        page.box(x + copies, y - copies * 0.6, grid.width, grid.height, style.colour("cell"), style.colour("line"), 0.6)
    page.box(x, y, grid.width, grid.height, "none" if block.idle else style.colour("cell"), style.colour("line"), 0.6)
    if block.idle:
        outline = [(x, y), (x + grid.width, y), (x + grid.width, y + grid.height), (x, y + grid.height)]
        page.canvas.add_patch(Polygon(outline, fill=False, edgecolor=colour, linestyle=(0, (3, 2)), linewidth=style.stroke / 1.5))
    page.box(x, y, BAR, grid.height, colour)
    room = grid.width - BAR - 0.07
    lines = int((grid.height - 0.05) / _leading(page))
    for i, words in enumerate(_words(block, lines, room, style.text)):
        role = "ink" if i == 0 else "faint"
        weight = "bold" if i == 0 and not style.slide else "normal"
        page.text(x + BAR + 0.05, y + 0.05 + i * _leading(page), cut(words, style.text, room), role, weight=weight)


def _words(block: Block, lines: int, room: float, size: float) -> list[str]:
    """What is written in a box: kind and number, what it does, its output and, where there is room, its parameters."""
    if block.idle:
        return [block.names[0], "training only" if measure("training only", size) <= room else "training", f"{block.parameters:,}"]
    module, times = block.kind not in KINDS, f"×{block.times}" if block.times > 1 else ""
    says = block.says.replace(" of ", "@").replace(", stride ", "/").replace("one value a channel", "global").replace("×", "x")
    says = says.replace("convolutions", "conv")
    if module and "x" in says and (times or measure(says, size) > room):
        says = f"{len(says.split())} conv"
    first, second = (_called(block), f"{times}, {says}".strip(", ")) if module else (f"{block.kind} {times}".rstrip(), says)
    told = [first, *([second] if second else []), *_shape(block.output, room, size)]
    return [*told, f"{block.parameters:,}"] if block.parameters and len(told) < lines else told


def _shape(output: tuple[int, ...], room: float, size: float) -> list[str]:
    """`55x55x96`, as the lecture writes it, or `112²x128` where that is too long; nothing for a vector, whose size is in its line."""
    if len(output) != 3:
        return ["x".join(str(n) for n in output)] if len(output) == 2 else []
    channels, height, width = output
    plain = f"{height}x{width}x{channels}"
    return [plain if measure(plain, size) <= room or height != width else f"{height}²x{channels}"]


def _called(block: Block) -> str:
    """`inception3a`, or the class where a module's own name is a number: `Bottleneck`."""
    own = block.names[0].rpartition(".")[2]
    return block.kind if not own or own.isdigit() or block.kind not in ("Parallel", "Block", "…") else own.rstrip("0123456789_") or own


def _arrows(page: Page, grid: Grid, x: float, y: float, block: Block, last: bool) -> None:
    """From the block before and to the next; past a head that runs in training only; around a block with a shortcut."""
    style, middle = page.style, y + grid.height / 2
    colour, half = style.colour("faint"), grid.gap / 2
    below, right = y + grid.height + 0.07, x + grid.width
    if not (block.idle and not block.after):
        _arrow(page, (x - half, middle), (x, middle), style.colour("faint"), block.idle)
    if block.idle and block.after:
        _line(page, [(x - half, middle), (x - half, below), (right + half, below), (right + half, middle)], colour)
    elif not last and not block.idle:
        _line(page, [(right, middle), (right + half, middle)], colour)
    if block.sums:
        mark = style.colour("mark")
        place = (right + half * 0.55, middle)
        _line(page, [(x - half * 0.55, middle), (x - half * 0.55, below), (place[0], below), place], mark)
        _plus(page, place, 0.1 if style.slide else 0.055, mark)


def _line(page: Page, points: Sequence[tuple[float, float]], colour: str) -> None:
    page.canvas.plot(*zip(*points, strict=True), color=colour, linewidth=page.style.stroke * 0.6, solid_joinstyle="round")


def _arrow(page: Page, begin: tuple[float, float], end: tuple[float, float], colour: str, dashed: bool) -> None:
    scale, width = (16, 2.4) if page.style.slide else (7, 0.9)
    arrow = FancyArrowPatch(begin, end, arrowstyle="-|>", mutation_scale=scale, color=colour, linewidth=width, shrinkA=0, shrinkB=0)
    page.canvas.add_patch(arrow)
    if dashed:
        arrow.set_linestyle((0, (2, 1.5)))


def _plus(page: Page, place: tuple[float, float], radius: float, colour: str) -> None:
    """A plus in a circle."""
    size = 2 * radius * 72
    page.canvas.plot(*place, "o", markersize=size, color=page.style.colour("paper"), markeredgecolor=colour, zorder=5)
    page.canvas.plot(*place, "+", markersize=size * 0.7, color=colour, zorder=6)


def _totals(summary: Summary) -> list[str]:
    words = [
        f"{summary.parameters - summary.auxiliary:,} parameters",
        f"{short_count(summary.macs)} multiply-adds",
        f"depth {summary.depth}",
    ]
    words += [f"{summary.residual_sums} residual sums"] * bool(summary.residual_sums)
    return words + [f"dashed: not run in evaluation, {summary.auxiliary:,} more"] * bool(summary.auxiliary)


def short_count(number: float) -> str:
    """`4.09 G`."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:g}"


ROWS = ("parameters", "multiply-adds", "depth", "residual sums", "largest field, px")


@styled
def comparison_figure(every: Sequence[tuple[str, Summary]], *, style: Style = PRINT) -> Figure:
    """A table of networks (name, layers), in the order given, over the chart of their receptive fields by depth."""
    page = Page(style, "The receptive field grows with depth")
    label = max(measure(row, style.text) for row in ROWS) + 0.2
    wide = (page.inner - label) / len(every)
    cells = [_column(summary) for _, summary in every]
    for i, words in enumerate(("", *ROWS)):
        page.text(EDGE, page.y, words, "faint")
        for k, (name, _) in enumerate(every):
            role, weight = (_colour(style, k), "bold") if i == 0 else ("ink", "normal")
            told = cut(name, style.text, wide - 0.15) if i == 0 else cells[k][i - 1]
            page.text(EDGE + label + (k + 1) * wide, page.y, told, role, ha="right", weight=weight)
        page.y += page.line() * (1.0 if style.slide else 1.15)
    page.y += 0.4 if style.slide else 0.12  # room for the words over the input's line
    left, below = (1.3, 0.95) if style.slide else (0.5, 0.45)
    names = 0.0 if style.slide else min(max(measure(name, style.text) for name, _ in every) + 0.3, 1.9)  # on a slide the table names them
    tall = page.room - below if style.slide else 2.6
    axes = page.chart(EDGE + left, page.y, page.inner - left - names, tall)
    _curves(axes, every, style, tall)
    page.y += tall + below
    return page.finish()


def _column(summary: Summary) -> list[str]:
    return [
        f"{summary.parameters - summary.auxiliary:,}",
        short_count(summary.macs),
        str(summary.depth),
        str(summary.residual_sums),
        str(summary.largest_field or "all"),
    ]


def _curves(axes: Axes, every: Sequence[tuple[str, Summary]], style: Style, tall: float) -> None:
    sizes = sorted({summary.input_size[1] for _, summary in every})
    axes.set_xscale("log")
    axes.set_yscale("log")
    ends = []
    for k, (name, summary) in enumerate(every):
        fields = growth(summary)
        if fields:
            axes.plot(*zip(*fields, strict=True), color=_colour(style, k), marker="o", markersize=style.stroke * 2)
            ends.append((k, name, fields[-1][1]))
    for size in sizes[-1:]:
        axes.axhline(size, color=style.colour("faint"), linewidth=style.stroke / 2, linestyle=(0, (4, 3)))
        axes.annotate(
            f"input, {size} px", (0, size), (4, style.text / 3), ("axes fraction", "data"), "offset points", color=style.colour("faint")
        )
    axes.set_xlabel("depth, layers with weights")
    axes.set_ylabel("sees, px")
    for axis in (axes.xaxis, axes.yaxis):
        low, high = axis.get_view_interval()
        steps = (1, 3) if style.slide else (1, 2, 5)
        axis.set_major_locator(FixedLocator([n * 10**k for k in range(5) for n in steps if low <= n * 10**k <= high]))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    if ends and not style.slide:
        _names(axes, ends, style, tall)


def _names(axes: Axes, ends: Sequence[tuple[int, str, float]], style: Style, tall: float) -> None:
    """The name of each curve at the right, at the height of its end where there is room."""
    to_axes = axes.transData + axes.transAxes.inverted()
    heights = apart([tall * to_axes.transform((1, value))[1] for *_, value in ends], 1.2 * style.text / 72, tall)
    for (k, name, _), height in zip(ends, heights, strict=True):
        words, place = cut(name, style.text, 1.7), (1, height / tall)
        axes.annotate(words, place, (9, 0), "axes fraction", "offset points", va="center", color=_colour(style, k), weight="bold")


def _colour(style: Style, k: int) -> str:
    return style.series[1 + k % (len(style.series) - 1)]
