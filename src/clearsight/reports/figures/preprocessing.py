"""A picture from the file to the numbers that the network sees, and what the usual mistakes would make of the answer."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from ...look.preprocessing_steps import Answer, Stage
from ..style import PRINT, Style, styled
from .page import EDGE, Array, Page, cut, measure
from .sheet import Group, Tile, draw_groups


@styled
def preprocessing_figure(
    title: str, stages: Sequence[Stage], answers: Sequence[Answer], *, trained: bool = True, style: Style = PRINT
) -> Figure:
    """The stages as pictures with what each does, and beneath a line for each mistake; red where it changes the answer."""
    page = Page(style, title, trained)
    tiles = [Tile(_rgb(one), f"{i}. {one.name}") for i, one in enumerate(stages, 1)]
    tiles = [tile._replace(roles=("ink", "faint")) for tile in tiles]
    if style.slide:
        _slide(page, tiles, answers)
        return page.finish()
    draw_groups(page, [Group(tiles, side=(page.inner - 0.12 * (len(tiles) - 1)) / len(tiles) - 0.05, columns=len(tiles))])
    for i, one in enumerate(stages, 1):
        page.paragraph(f"{i}. {one.name}: {one.says}")
    page.y += 0.1
    _answers(page, answers)
    return page.finish()


def _rgb(one: Stage) -> Array:
    return one.pixels.repeat(3, 2) if one.pixels.shape[2] == 1 else one.pixels


def _answers(page: Page, answers: Sequence[Answer]) -> None:
    size = page.style.text
    first = max(measure(one.mistake or "correct", size) for one in answers) + 0.15
    second = max(measure(_told(one), size) for one in answers) + 0.15
    second = min(second, 2.2)
    for one in answers:
        role, top = "bad" if one.changed else "ink", page.y
        page.text(EDGE, top, one.mistake or "correct", role)
        page.text(EDGE + first, top, cut(_told(one), size, second), role)
        page.paragraph(one.says, "faint", x=EDGE + first + second, width=page.inner - first - second)
        page.y = max(page.y, top + page.line())


def _told(one: Answer) -> str:
    return f"{one.label} {one.probability:.1%}"


def _slide(page: Page, tiles: Sequence[Tile], answers: Sequence[Answer]) -> None:
    """The stages in a row, and the answers as far as they fit, those that change first."""
    side = min(2.4, (page.inner - 0.3 * (len(tiles) - 1)) / len(tiles))
    for i, tile in enumerate(tiles):
        height, width = tile.pixels.shape[:2]
        factor, x = side / max(height, width), EDGE + i * (side + 0.3)
        page.picture(tile.pixels, x, page.y, width * factor, height * factor)
        page.text(x, page.y + side + 0.05, cut(tile.label, page.style.text, side + 0.25))
    page.y += side + page.line() + 0.15
    ordered = sorted(answers, key=lambda one: (bool(one.mistake), not one.changed))
    for one in ordered[: int(page.room / page.line())]:
        page.paragraph(f"{one.mistake or 'correct'}: {_told(one)}", "bad" if one.changed else "ink", most=1)
