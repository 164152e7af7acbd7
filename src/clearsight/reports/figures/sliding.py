"""A filter on a picture too large for its numbers: the place on the picture, its products channel by channel, the map so far."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ...look.convolution import Calculation, Convolution, Step
from ..style import PRINT, Style, styled
from .cells import BETWEEN, Matrix, array, draw_row, lines, number, row_width
from .convolution import HIGH, Moment, Place, head, moments
from .page import EDGE, Array, Page, Scale, cut

PICTURE_SIDE, LEAST_SIDE = 2.0, 1.2  # inches
CHANNELS = ("red", "green", "blue")


def sliding_frames(found: Calculation, title: str, *, style: Style = PRINT) -> list[Figure]:
    """A frame for every moment."""
    return [sliding_figure(found, moment, title, style=style) for moment in moments(found)]


@styled
def sliding_figure(found: Calculation, moment: Moment | None, title: str, at: Place | None = None, *, style: Style = PRINT) -> Figure:
    """The first filter of a calculation at a moment; without one the whole map, worked out for the place `at`, by default in its centre."""
    page = Page(style, title)
    done = found.convolution
    if done is None:
        _images(page, [("picture", pixels_of(found.picture), None), *stage_images(found, moment)], _side(page, 0.0))
        return page.finish()
    rows, columns = done.maps.shape[1:]
    place = at or (divmod(moment[1], columns) if moment and moment[0] < 0 else (rows // 2, columns // 2))
    step = done.step(0, *place)
    shown = moment[1] + 1 if moment and moment[0] < 0 else -1
    products, aside = _products(done, step, page), len(step.patch) == 1 and not found.stages
    high = HIGH if not style.slide else 0.43
    tall = 0.15 + page.line() + max(m.values.shape[0] * lines(m) for m in products) * high
    images = [("picture", pixels_of(found.picture), None), ("feature map", *so_far(done.maps[0], shown)), *stage_images(found, moment)]
    if len(images) == 2 and not aside:
        images.insert(1, ("under the filter", pixels_of(step.patch), None))
    top, side = page.y + page.line(), _side(page, (0.0 if aside else tall) + page.line())
    places, side = _images(page, images, side, row_width(products, style) + BETWEEN if aside else 0.0)
    mark_window(page, found.picture, done, step, places[0], top, side)
    mark_place(page, done, step, places[images.index(next(one for one in images if one[0] == "feature map"))], top, side)
    if aside:
        end, page.y = page.y, top - page.line()
        draw_row(page, products, high, places[-1])
        page.y = max(page.y, end)
    else:
        draw_row(page, products, high)
    page.paragraph(sum_words(done, step), most=1 if style.slide else 2)
    return page.finish()


Image = tuple[str, Array, Scale | None]


def _side(page: Page, below: float) -> float:
    return min(3.4, max(LEAST_SIDE, page.room - below - page.line() - 0.3)) if page.style.slide else PICTURE_SIDE


def _images(page: Page, images: Sequence[Image], side: float, spare: float = 0.0) -> tuple[list[float], float]:
    """Images in a row under their names, as large as there is room, `spare` inches left to the right.

    Returns where each begins and where the next one would, and the side that they have.
    """
    side = min(side, (page.inner - spare - BETWEEN * (len(images) - 1)) / len(images))
    x, places = EDGE, []
    for name, values, scale in images:
        height, width = values.shape[:2]
        factor = side / max(height, width)
        page.text(x, page.y, cut(name, page.style.text, side + BETWEEN - 0.05), "faint")
        page.picture(values, x, page.y + page.line(), width * factor, height * factor, scale)
        page.box(x, page.y + page.line(), width * factor, height * factor, "none", page.style.colour("line"), 0.5)
        places.append(x)
        x += side + BETWEEN
    page.y += page.line() + max(side / max(v.shape[:2]) * v.shape[0] for _, v, _ in images) + 0.15
    return [*places, x], side


def pixels_of(picture: Any) -> Array:
    """A picture or patch `(C, H, W)` in 0 to 255 as uint8 `(H, W, 3)`."""
    values = np.clip(np.moveaxis(array(picture), 0, 2), 0, 255).astype(np.uint8)
    return values if values.shape[2] == 3 else np.ascontiguousarray(np.broadcast_to(values[..., :1], (*values.shape[:2], 3)))


def so_far(values: Any, shown: int) -> tuple[Array, Scale]:
    """The first `shown` numbers of a map (all, if it is negative), the others missing, and the colours of the whole map."""
    whole = array(values)
    part = whole.copy()
    if shown >= 0:
        part.reshape(-1)[shown:] = np.nan
    return part, Scale(whole, True)


def stage_images(found: Calculation, moment: Moment | None) -> list[Image]:
    """The first map after each stage, as far as it is computed."""
    now, place = moment or (len(found.stages), 0)
    return [
        (
            head(stage),
            *so_far(stage.maps[0], -1 if s < now else place + 1 if s == now else 0),
        )
        for s, stage in enumerate(found.stages)
    ]


def mark_window(page: Page, picture: Any, done: Convolution, step: Step, x: float, y: float, side: float) -> None:
    """The pixels under the filter, on a picture that is `side` inches large; what lies in the padding is cut."""
    height, width = picture.shape[1:]
    factor = side / max(height, width)
    top, left = max(0, step.top), max(0, step.left)
    bottom, right = min(height, step.top + done.window[0]), min(width, step.left + done.window[1])
    page.box(x + left * factor, y + top * factor, (right - left) * factor, (bottom - top) * factor, "none", page.style.colour("mark"), 1.5)


def mark_place(page: Page, done: Convolution, step: Step, x: float, y: float, side: float) -> None:
    """The number of the map that a step computes, in a frame of at least 0.1 inches."""
    factor = side / max(done.maps.shape[1:])
    size = max(factor, 0.1)
    off = (size - factor) / 2
    page.box(x + step.column * factor - off, y + step.row * factor - off, size, size, "none", page.style.colour("mark"), 1.5)


def _products(done: Convolution, step: Step, page: Page) -> list[Matrix]:
    """The products of each channel: written out, as numbers, or as colours, whichever fits."""
    found = []
    limit = float(step.products.abs().max()) or 1.0
    for c, products in enumerate(step.products):
        values, weights, patch = array(products), array(done.filters[step.filter, c]), array(step.patch[c])
        name = f"{CHANNELS[c]}: sum {number(float(values.sum()), '.5g')}" if len(step.products) == 3 else "products"
        triples = zip(weights.flatten(), patch.flatten(), values.flatten(), strict=True)
        words = [f"{number(w, '.3g')}·{number(x)}\n= {number(p)}" for w, x, p in triples]
        found.append(Matrix(name, values, words=words, limit=limit))
    if values.size <= 9 and row_width(found, page.style) <= page.inner:
        return found
    for matrix in found:
        matrix.words = [number(float(v), ".3g") for v in matrix.values.flatten()]
    room = 6 * 0.43 if page.style.slide else 99.0
    if row_width(found, page.style) <= page.inner and values.shape[0] * 0.43 <= room:
        return found
    for matrix in found:
        matrix.numbers = False
        matrix.fixed = min(0.42, 2.4 / max(values.shape))
    return found


def sum_words(done: Convolution, step: Step) -> str:
    """`row 3, column 4: the sum of 75 products and the bias 1 is 12.3`."""
    bias = f" and the bias {number(done.bias[step.filter])}" if done.bias[step.filter] else ""
    return f"row {step.row}, column {step.column}:  {step.products.numel()} products{bias}, sum {number(step.sum, '.6g')}"
