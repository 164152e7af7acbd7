"""The scorecard of `stress`: accuracy under every corruption and challenge, a map of occlusion, the worst group, and remarks."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from ...corruptions import CORRUPTIONS
from ...corruptions.challenges import CHALLENGES
from ...evaluation.rows import Changed, level
from ...evaluation.stress import COVER, GRID, StressResult
from ..style import PRINT, Style, styled
from ..words import percent
from .page import EDGE, Page, Scale, measure

WIDTH, BETWEEN = 11.0, 0.35  # inches
CELL, LINE, LABEL, LAST = 0.56, 0.235, 1.35, 0.62
HALF = "halved at"
LOWEST = 9  # changes on a slide
SHARES = Scale(None, False, 0, 1)


@styled
def scorecard_figure(result: StressResult, title: str, *, style: Style = PRINT) -> Figure:
    """Accuracies as coloured tables, in per cent; a slide has the changes with the lowest accuracy only."""
    page = Page(style, title, width=WIDTH)
    page.paragraph(_headline(result, style), "faint", most=2)
    page.y += 0.12
    if style.slide:
        _lowest(page, result)
        return page.finish()
    top = page.y
    _grid(page, EDGE, result, "Corruptions", result.corruptions, "severity", _groups(result.corruptions, CORRUPTIONS))
    _group(page, EDGE, result)
    left, page.y = page.y, top
    right = EDGE + (LABEL + 5 * CELL + LAST + BETWEEN if result.corruptions else 0)
    _grid(page, right, result, "Challenges, by strength (small)", result.challenges, "strength", _groups(result.challenges, CHALLENGES))
    _map(page, right, result)
    page.y = max(left, page.y)
    remarks = sentences(result)
    if remarks:
        _heading(page, EDGE, "Remarks")
    for words in remarks:
        page.paragraph(words, "faint")
    return page.finish()


def _headline(result: StressResult, style: Style) -> str:
    value, low, high = percent(*(result.clean[key] for key in ("value", "low", "high")))
    words = f"clean accuracy {value} ({low} to {high}), n = {result.clean['n']:,}"
    if mce := result.mce:
        words += f" · mean corruption error {percent(mce['value'])[0]} (not divided by AlexNet's)"
    unit = "each bar" if style.slide else "cells: accuracy in per cent, each"
    return f"{words} · {unit} ± {100 * result.half_width:.1f} at most".replace("\N{NO-BREAK SPACE}", " ")


def _groups(rows: Sequence[Changed], table: Any) -> list[tuple[str, list[str]]]:
    names = dict.fromkeys(row["name"] for row in rows)
    groups = dict.fromkeys(table[name].group for name in names)
    return [(group, [name for name in names if table[name].group == group]) for group in groups]


def _heading(page: Page, x: float, words: str) -> None:
    page.text(x, page.y, words, "ink", page.style.text * 1.2)
    page.y += page.line(page.style.text * 1.2) + 0.06


def _grid(
    page: Page, x: float, result: StressResult, title: str, rows: Sequence[Changed], key: str, lines: Sequence[tuple[str, list[str]]]
) -> None:
    """A coloured cell for each row of `rows`, a line for each name under its group, and where accuracy is halved."""
    if not rows:
        return
    small, by_name = page.style.small, {name: [row for row in rows if row["name"] == name] for _, names in lines for name in names}
    end = x + LABEL + max(map(len, by_name.values())) * CELL + LAST
    page.text(end, page.y + 0.06, HALF, "faint", small, ha="right")
    if key == "severity":
        page.text(x + LABEL - 0.08, page.y + 0.06, key, "faint", small, ha="right")
        for i, row in enumerate(next(iter(by_name.values()))):
            page.text(x + LABEL + (i + 0.5) * CELL, page.y + 0.06, f"{level(row):g}", "faint", small, ha="center")
    _heading(page, x, title)
    for group, names in lines:
        page.text(x, page.y + LINE / 2, group, "faint", small, va="center")
        page.y += LINE
        for name in names:
            middle = page.y + LINE / 2 - 0.01
            page.text(x + LABEL - 0.08, middle, name.replace("_", " "), ha="right", va="center")
            for i, row in enumerate(by_name[name]):
                _cell(page, x + LABEL + i * CELL, page.y, CELL, LINE, row["top1"], f"{level(row):g}" if key == "strength" else "")
            page.text(end, middle, at(result.halves[name]), ha="right", va="center")
            page.y += LINE
    page.y += 0.2


def at(strength: float | None) -> str:
    """The strength that halves the accuracy, or `never`."""
    return "never" if strength is None else f"{strength:.2g}"


def colours(value: float) -> tuple[str, str]:
    """The colour of an accuracy, and that of the text on it."""
    red, green, blue = (int(level) for level in SHARES.rgb([[value]])[0, 0])
    return f"#{red:02x}{green:02x}{blue:02x}", "#ffffff" if 0.299 * red + 0.587 * green + 0.114 * blue < 130 else "#14171c"


def _cell(page: Page, x: float, y: float, width: float, height: float, value: float, small: str = "") -> None:
    fill, ink = colours(value)
    page.box(x, y, width - 0.025, height - 0.025, fill)
    place = x + 0.06 if small else x + width / 2 - 0.0125
    page.text(place, y + height / 2 - 0.01, f"{100 * value:.0f}", ink, ha="left" if small else "center", va="center")
    if small:
        page.text(x + width - 0.07, y + height / 2 - 0.005, small, ink, page.style.small * 0.85, ha="right", va="center")


def _map(page: Page, x: float, result: StressResult) -> None:
    """Accuracy where each place is covered."""
    if not result.places:
        return
    _heading(page, x, "Occlusion: a grey square at each place")
    wide, tall = 0.62, 0.36
    for row, line in enumerate(result.places):
        for column, share in enumerate(line):
            _cell(page, x + column * wide, page.y + row * tall, wide, tall, share["top1"])
    worst = min(share["top1"] for line in result.places for share in line)
    notes = (f"{COVER:.0%} of each side,", f"centred on each of {GRID} × {GRID} cells.", f"Lowest: {worst:.1%}".replace("%", " %"))
    for i, words in enumerate(notes):
        page.text(x + GRID * wide + 0.1, page.y + 0.03 + i * page.line(), words, "faint")
    page.y += GRID * tall + 0.2


def _group(page: Page, x: float, result: StressResult) -> None:
    """The pictures of the worst group."""
    if not result.subgroups or not result.examples:
        return
    _heading(page, x, "Worst subgroup of a class")
    page.text(x, page.y, worst_group(result), "faint")
    page.y += page.line() + 0.06
    side = 0.82
    for i, picture in enumerate(result.examples[:5]):
        shown = picture.repeat(3, 2) if picture.shape[2] == 1 else picture
        factor = side / max(shown.shape[:2])
        page.picture(shown, x + i * (side + 0.1), page.y, shown.shape[1] * factor, shown.shape[0] * factor)
    page.y += side + 0.2


def _lowest(page: Page, result: StressResult) -> None:
    """The changes with the lowest accuracy at the strongest level that was tried."""
    last = {row["name"]: row for row in (*result.corruptions, *result.challenges)}
    rows = sorted(last.values(), key=lambda row: row["top1"])[:LOWEST]
    page.paragraph("lowest accuracies at the strongest level", most=1)
    page.y += 0.05
    step = min(page.room / max(1, len(rows)), 1.3 * page.line())
    label = max(measure(row["name"].replace("_", " "), page.style.text) for row in rows) + 0.2 if rows else 0.0
    wide = page.inner - label - measure("100 %", page.style.text) - 0.2
    for row in rows:
        middle = page.y + step / 2
        page.text(EDGE + label - 0.15, middle, row["name"].replace("_", " "), ha="right", va="center")
        page.box(EDGE + label, page.y + 0.06, max(0.01, wide * row["top1"]), step - 0.12, page.style.colour("accent"))
        page.text(EDGE + label + wide * row["top1"] + 0.12, middle, f"{100 * row['top1']:.0f} %", va="center")
        page.y += step


def worst_group(result: StressResult) -> str:
    """`cat, 21.4 % accuracy (7.6 % to 47.6 %, n = 14)`."""
    assert result.subgroups is not None
    worst = result.subgroups["worst"]
    value, low, high = percent(worst["top1"], worst["low"], worst["high"])
    return f"{worst['class']}: {value} accuracy ({low} to {high}, n = {worst['n']})".replace("\N{NO-BREAK SPACE}", " ")


def sentences(result: StressResult) -> list[str]:
    """Backgrounds, shortcuts and overlaps with the training in sentences."""
    names = {"another": "another picture's background", "grey": "plain grey"}
    lines = [f"Object on {names[row['background']]}: {percent(row['top1'])[0]} accuracy" for row in result.backgrounds]
    lines += [f"{'ok' if row['ok'] else 'LOOK'}: {row['says']}" for row in result.shortcuts]
    return lines + practised(result)


def practised(result: StressResult) -> list[str]:
    """The tests that the training's own augmentation resembles."""
    if result.overlaps is None:
        return ["Augmentations of the training are not known: there is no recipe."]
    rows = [row for row in result.overlaps if row["tests"]]
    return [f"Overlap: {row['augmentation']} in training resembles {', '.join(row['tests'])}" for row in rows]
