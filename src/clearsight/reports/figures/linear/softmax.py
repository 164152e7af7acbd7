"""One picture's way from pixels to probabilities: templates, evidence, and the table z → exp(z) → p."""

import numpy as np
from matplotlib.figure import Figure

from ....look.linear.softmax import Softmax
from ...style import PRINT, Style, styled
from ..page import EDGE, Page, Scale, cut, short
from ..sheet import Group, Tile, draw_groups

ROWS, SLIDE_ROWS = 10, 3
SHARES = (0.0, 0.28, 0.52, 0.72)  # of the width: where class, z, exp(z) and p begin


@styled
def softmax_figure(title: str, found: Softmax, *, trained: bool = True, style: Style = PRINT) -> Figure:
    """The picture, templates and evidence of the two most likely classes, on a slide of the first, and the table of the softmax."""
    page = Page(style, title, trained)
    shown = found.order[: SLIDE_ROWS if style.slide else ROWS]
    reserve = (len(shown) + 2) * page.line() + 0.15
    tiles = [Tile(found.picture, "picture x", roles=("ink", "faint"))]
    bar = None
    if found.templates is not None:
        weights = found.templates.of_grey()
        maps = {j: found.evidence(j) for j in found.order[: 1 if style.slide else 2]}
        bar = Scale(np.stack(list(maps.values())), True)
        for j, evidence in maps.items():
            total = short(float(found.logits[j] - found.templates.bias[j]))
            tiles.append(Tile(weights[j], f"w of {found.classes[j]}", Scale(weights[found.order[:2]], True), roles=("ink", "faint")))
            bias = "" if style.slide else f"b = {short(float(found.templates.bias[j]))}"
            tiles.append(Tile(evidence, f"x · w: sum {total}", bar, bias, roles=("ink", "faint")))
    note = (
        ""
        if bar is None or style.slide
        else "Red is evidence for the class, blue against it; each pixel of x · w is one term of z; z is their sum and b."
    )
    draw_groups(page, [Group(tiles, note=note, side=1.25, columns=len(tiles))], reserve=reserve)
    _table(page, found, shown)
    return page.finish()


def _table(page: Page, found: Softmax, shown: list[int]) -> None:
    style, size = page.style, page.style.text
    places = [EDGE + share * page.inner for share in SHARES]
    sums = "z = Σ x · w + b" if found.templates else "logit z"
    for x, words in zip(places, ("class", sums, "exp(z − max)" if found.shift else "exp(z)", "p = exp(z) / sum"), strict=True):
        page.text(x, page.y, words, "faint", size)
    page.y += page.line()
    widest = page.width - EDGE - places[3] - (1.6 if style.slide else 0.7)
    for j in shown:
        p = float(found.probabilities[j])
        cells = (
            cut(found.classes[j], size, places[1] - places[0] - 0.1),
            short(float(found.logits[j])),
            _amount(float(found.exponentials[j])),
        )
        for x, words in zip(places, cells, strict=False):
            page.text(x, page.y, words, "ink", size)
        page.text(places[3], page.y, f"{p:.2%}".replace("%", " %"), "ink", size)
        x = places[3] + (1.6 if style.slide else 0.7)
        page.box(x, page.y + 0.1 * page.line(), max(widest * p, 0.005), 0.6 * page.line(), style.colour("accent"))
        page.y += page.line()
    rest = len(found.classes) - len(shown)
    page.text(places[0], page.y, f"sum of all {len(found.classes)}" if rest else "sum", "faint", size)
    page.text(places[2], page.y, _amount(float(found.exponentials.sum())), "faint", size)
    page.text(places[3], page.y, "100 %", "faint", size)
    page.y += page.line()


def _amount(value: float) -> str:
    """`352`, `10,281`, or a power of ten."""
    return f"{value:,.0f}" if 1000 <= value < 1e7 else short(value)
