"""Several filters: the picture as a volume, the filters with their slices, the maps as a stack and one by one."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from ...look.convolution import Calculation, Convolution
from ..style import PRINT, Style, styled
from .cells import array, number
from .convolution import Moment, Place, moments
from .page import EDGE, Array, Page, Scale, cut
from .sliding import mark_place, mark_window, pixels_of, so_far

MOST = 6  # filters that are drawn
TINTS = ((1.0, 0.35, 0.35), (0.35, 1.0, 0.35), (0.45, 0.45, 1.0))


def volume_frames(found: Calculation, title: str, *, style: Style = PRINT) -> list[Figure]:
    """A frame for every moment."""
    return [volume_figure(found, moment, title, style=style) for moment in moments(found) if moment[0] < 0]


@styled
def volume_figure(found: Calculation, moment: Moment | None, title: str, at: Place | None = None, *, style: Style = PRINT) -> Figure:
    """`32×32×3 ∗ 6 filters of 5×5×3 → 28×28×6`; the place `at` (row, column) of every map is marked, by default the central one."""
    done = found.convolution
    assert done is not None
    page = Page(style, title)
    rows, columns = done.maps.shape[1:]
    place = at or (divmod(moment[1], columns) if moment else (rows // 2, columns // 2))
    maps = [so_far(values, moment[1] + 1 if moment else -1) for values in done.maps[:MOST]]
    _volumes(page, found, done, maps, place)
    _one_by_one(page, done, maps, place)
    _words(page, done, place)
    return page.finish()


def _volumes(page: Page, found: Calculation, done: Convolution, maps: Sequence[tuple[Array, Scale]], place: Place) -> None:
    """Picture, filters and stack of maps in one row, each under its size."""
    unit = page.inner / 12.9
    side, step = 2.1 * unit, done.step(0, *place)
    top = page.y + page.line() + 0.05
    count, (_, deep, high, wide) = len(maps), done.filters.shape
    sizes = (found.picture.shape, done.maps.shape)
    heads = [f"{s[1]}×{s[2]}×{s[0]}" for s in sizes]
    left = [EDGE, EDGE + 3.4 * unit, EDGE + 9.7 * unit]
    tinted = [_tinted(array(plane), c, deep) for c, plane in enumerate(found.picture)]
    front = pixels_of(found.picture) if deep == 3 else tinted[0]
    _stack(page, [front, *[(t, None) for t in tinted[1:]]], left[0], top, side, 0.2 * unit)
    mark_window(page, found.picture, done, step, left[0], top, side)
    small, gap = 0.72 * unit, 0.28 * unit
    for k in range(count):
        slices = [(array(plane), Scale(array(done.filters[k]), True)) for plane in done.filters[k]]
        x, y = left[1] + k % 3 * (small + 3 * 0.1 * unit + 2 * gap), top + k // 3 * (small + 0.3 * unit)
        _stack(page, slices, x, y, small, 0.1 * unit)
    _stack(page, list(maps), left[2], top, side, 0.14 * unit)
    mark_place(page, done, step, left[2], top, side)
    for x, words in zip(left, (heads[0], f"{len(done.filters)} filters of {high}×{wide}×{deep}", heads[1]), strict=True):
        page.text(x, page.y, words, "faint")
    for x, sign in ((left[1] - 0.45 * unit, "∗"), (left[2] - 0.75 * unit, "→")):
        page.text(x, top + side / 2, sign, "ink", page.style.title, va="center", ha="center")
    page.y = top + side + 0.14 * unit * (count - 1) + 0.12


def _tinted(plane: Array, channel: int, channels: int) -> Array:
    tint = np.array(TINTS[channel] if channels == 3 else (1, 1, 1))
    return np.asarray(np.clip(plane[..., None] * tint, 0, 255).astype(np.uint8))


def _stack(page: Page, planes: Sequence[Array | tuple[Array, Scale | None]], x: float, y: float, side: float, shift: float) -> None:
    """Planes one after the other, the first in front, each further one moved to the right and down by `shift`."""
    for k, plane in enumerate(planes):
        values, scale = plane if isinstance(plane, tuple) else (plane, None)
        factor = side / max(values.shape[:2])
        box = (x + k * shift, y + k * shift, values.shape[1] * factor, values.shape[0] * factor)
        page.box(*box, page.style.colour("paper"), "none")
        page.canvas.patches[-1].set_zorder(-k - 0.2)  # under its picture and above the planes after it
        page.picture(values, *box, scale)
        page.canvas.images[-1].set_zorder(-k - 0.1)
        page.box(*box, "none", page.style.colour("ink"), 0.5)
        page.canvas.patches[-1].set_zorder(-k)


def _one_by_one(page: Page, done: Convolution, maps: Sequence[tuple[Array, Scale]], place: Place) -> None:
    """Each map on its own over the name of its filter and its value at the place."""
    wide = page.inner / min(MOST, max(len(maps), 3))
    side = min(wide - 0.2, page.room - 3 * page.line()) if page.style.slide else wide - 0.12
    sizes = {name.partition(":")[2] for name in done.names}
    names = [name.partition(":")[0] for name in done.names] if len(sizes) == 1 else done.names
    tall = side * done.maps.shape[1] / max(done.maps.shape[1:])
    for k, (values, scale) in enumerate(maps):
        x, factor = EDGE + k * wide, side / max(values.shape)
        page.picture(values, x, page.y, values.shape[1] * factor, values.shape[0] * factor, scale)
        page.box(x, page.y, values.shape[1] * factor, values.shape[0] * factor, "none", page.style.colour("line"), 0.5)
        mark_place(page, done, done.step(k, *place), x, page.y, side)
        page.text(x, page.y + tall + 0.02, cut(names[k], page.style.small, wide - 0.05), "faint", page.style.small)
        page.text(x, page.y + tall + page.line(), number(done.step(k, *place).sum, ".5g"))
    page.y += tall + 2 * page.line() + 0.08


def _words(page: Page, done: Convolution, place: Place) -> None:
    weights, count = done.filters[0].numel(), len(done.filters)
    bias = any(done.bias)
    total = count * (weights + bias)
    each = f"({weights} + 1)" if bias else f"{weights}"
    where = "" if page.style.slide else f"row {place[0]}, column {place[1]}:  "
    page.paragraph(f"{where}{weights} products{' and a bias' * bias} each; {count} × {each} = {total:,} parameters", most=2)
