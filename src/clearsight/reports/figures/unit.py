"""One number taken apart: patch, kernel and product of the strongest input channels, and the sum as a waterfall."""

from matplotlib.figure import Figure

from ...look.unit import Recomputation, strongest
from ..style import PRINT, Style, styled
from .page import EDGE, Page, Scale, measure, short
from .sheet import Group, Tile, draw_groups

CHANNELS = 3
SLIDE_ROWS = 5


@styled
def unit_figure(title: str, unit: Recomputation, most: int, *, trained: bool = True, style: Style = PRINT) -> Figure:
    """The `most` largest contributions one after the other, the bias, and what became of their sum."""
    page = Page(style, title, trained)
    if unit.patch is not None and unit.kernel is not None and not style.slide:
        draw_groups(page, [_products(unit)])
    _waterfall(page, bars(unit, min(most, SLIDE_ROWS) if style.slide else most))
    equal = "equal to 1e-5" if unit.equal else "DIFFERENT"
    page.paragraph(f"recomputed {unit.recomputed:.9g}, network {unit.value:.9g}: {equal}", "good" if unit.equal else "bad")
    return page.finish()


def _products(unit: Recomputation) -> Group:
    assert unit.patch is not None and unit.kernel is not None
    products = unit.patch.numpy() * unit.kernel.numpy()
    order, tiles = strongest(unit)[:CHANNELS], []
    shared = Scale(products[order], True)
    for i in order:
        patch, kernel = unit.patch[i].numpy(), unit.kernel[i].numpy()
        tiles += [
            Tile(patch, f"channel {unit.first_channel + i}: patch", Scale(patch, True)),
            Tile(kernel, "kernel", Scale(kernel, True)),
            Tile(products[i], f"product, sum {short(float(products[i].sum()))}", shared),
        ]
    note = f"The strongest {len(order)} of {len(products)} input channels; patches and kernels each to their own scale, white is zero."
    return Group(tiles, note=note, bar=shared, unit="product of patch and kernel", side=1.0, columns=3)


def bars(unit: Recomputation, most: int) -> list[tuple[str, float, float, bool]]:
    """(words, from, to, whether it is a total and no change) of each bar."""
    order, rows, level = strongest(unit), [], 0.0
    term = "term" if unit.kernel is None else "input channel"
    changes = [(f"{term} {unit.first_channel + i}", unit.contributions[i]) for i in order[:most]]
    if order[most:]:
        rest = [unit.contributions[i] for i in order[most:]]
        changes.append((f"{len(rest)} other{'s' if len(rest) > 1 else ''}", sum(rest)))
    if unit.contributions:
        for words, change in [*changes, ("bias", unit.bias)]:
            rows.append((words, level, level + change, False))
            level += change
    rows += [(f"= {step['operation'].replace('_', ' ')}", 0.0, step["value"], True) for step in unit.steps]
    return rows + [(f"then {step['operation'].replace('_', ' ')}", 0.0, step["recomputed"], True) for step in unit.then]


def _waterfall(page: Page, rows: list[tuple[str, float, float, bool]]) -> None:
    style = page.style
    label = max(measure(row[0], style.text) for row in rows) + 0.15
    number = max(measure(_told(row), style.text) for row in rows) + 0.1
    tall = page.room - 3 * page.line() if style.slide else 0.2 * len(rows) + 0.1
    axes = page.chart(EDGE + label, page.y + 0.05, page.inner - label - number, tall)
    for i, (_, start, stop, total) in enumerate(rows):
        role = "faint" if total else "bad" if stop >= start else "accent"
        axes.barh(i, stop - start, left=start, height=0.66, color=style.colour(role))
    axes.axvline(0, color=style.colour("faint"), linewidth=style.stroke / 2)
    axes.set_yticks(range(len(rows)), [row[0] for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0, labelsize=style.text, labelcolor=style.colour("ink"))
    axes.tick_params(axis="x", labelsize=style.small)
    axes.locator_params(axis="x", nbins=4)
    axes.set_xlabel("value, summed from the top", fontsize=style.small)
    axes.spines["left"].set_visible(False)
    for i, row in enumerate(rows):
        axes.annotate(_told(row), (1, i), xycoords=("axes fraction", "data"), xytext=(6, 0), textcoords="offset points", va="center")
    page.y += 0.05 + tall + 2.2 * page.line(style.small) + 0.1


def _told(row: tuple[str, float, float, bool]) -> str:
    _, start, stop, total = row
    return short(stop) if total else f"{'+' if stop >= start else ''}{short(stop - start)}"
