"""What `stress` found, as one figure and as a page with the pictures that fell."""

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from ..base.files import write_atomic, write_json
from ..corruptions import CORRUPTIONS
from ..corruptions.challenges import CHALLENGES
from ..evaluation.stress import COVER, GRID, SHOWN, StressResult
from ..metrics.intervals import wilson
from .figures.canvas import FAINT, INK, PAPER, coloured, encoded, tile, write
from .report import card, page, percent, table
from .thumbnails import thumbnail

Row = dict[str, Any]
Ink = tuple[int, int, int]
CELL, LINE, LABEL, GAP, EDGE = (58, 25), 27, 172, 36, 28
HALF = "halved at"


def write_scorecard(found: StressResult, folder: Path, title: str) -> dict[str, Path]:
    """Write `scorecard.png`, `scorecard.html` and `stress.json` into `folder`; what each is → its file."""
    files = {"scorecard": folder / "scorecard.png", "report": folder / "scorecard.html", "figures": folder / "stress.json"}
    write_atomic(files["scorecard"], encoded([figure(found, title)], ".png"))
    write_atomic(files["report"], _page(found, title).encode("utf-8", "backslashreplace"))
    write_json(files["figures"], {"title": title, **found.to_json()})
    return files


def figure(found: StressResult, title: str) -> Image.Image:
    """Accuracy under every change as coloured tables, the map of covered places, the worst group, and what must be said."""
    columns = [c for c in (_stacked([_corruptions(found), _group(found)]), _stacked([_challenges(found), _map(found)])) if c]
    words = _words(found)
    lower = [words] if words else []
    width = max([sum(c.width for c in columns) + GAP * (len(columns) - 1), 760, *(part.width for part in lower)]) + 2 * EDGE
    top = 96
    height = top + max((c.height for c in columns), default=0) + sum(part.height + GAP // 2 for part in lower) + EDGE
    image = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(image)
    write(draw, (EDGE, 20), title, INK, 24)
    write(draw, (EDGE, 54), _headline(found), FAINT, 15)
    x = EDGE
    for column in columns:
        image.paste(column, (x, top))
        x += column.width + GAP
    y = top + max((c.height for c in columns), default=0) + GAP // 2
    for part in lower:
        image.paste(part, (EDGE, y))
        y += part.height + GAP // 2
    return image


def _headline(found: StressResult) -> str:
    value, low, high = percent(*(found.clean[key] for key in ("value", "low", "high")))
    words = f"clean {value} ({low} to {high}), n = {found.clean['n']:,}"
    if mce := found.mce:
        words += f" · mean corruption error {percent(mce['value'])[0]} (not divided by AlexNet's)"
    least, most = wilson(found.clean["n"] // 2, found.clean["n"])
    return f"{words} · cells: per cent right, each to at most ± {50 * (most - least):.1f}".replace("\N{NO-BREAK SPACE}", " ")


def _corruptions(found: StressResult) -> Image.Image | None:
    names = dict.fromkeys(row["name"] for row in found.corruptions)
    groups = dict.fromkeys(CORRUPTIONS[name].group for name in names)
    lines = [(group, [name for name in names if CORRUPTIONS[name].group == group]) for group in groups]
    return _grid(found, "Corruptions", found.corruptions, "severity", lines)


def _challenges(found: StressResult) -> Image.Image | None:
    names = dict.fromkeys(row["name"] for row in found.challenges)
    groups = dict.fromkeys(CHALLENGES[name].group for name in names)
    lines = [(group, [name for name in names if CHALLENGES[name].group == group]) for group in groups]
    return _grid(found, "Challenges, by strength (small)", found.challenges, "strength", lines)


def _grid(found: StressResult, title: str, rows: Sequence[Row], key: str, lines: Sequence[tuple[str, list[str]]]) -> Image.Image | None:
    """A coloured cell for each row of `rows`, a line for each name under its group, and where accuracy is halved."""
    if not rows:
        return None
    by_name = {name: [row for row in rows if row["name"] == name] for _, names in lines for name in names}
    columns, halves = max(map(len, by_name.values())), found.halves
    width = LABEL + columns * CELL[0] + 66
    image = Image.new("RGB", (width, 34 + LINE * (sum(len(names) for _, names in lines) + len(lines)) + 4), PAPER)
    draw = ImageDraw.Draw(image)
    write(draw, (0, 0), title, INK, 18)
    write(draw, (width, 8), HALF, FAINT, 12, "ra")
    if key == "severity":
        for i, row in enumerate(next(iter(by_name.values()))):
            write(draw, (LABEL + (i + 0.5) * CELL[0], 8), str(row[key]), FAINT, 12, "ma")
    y = 34
    for group, names in lines:
        write(draw, (0, y + 8), group, FAINT, 12)
        y += LINE
        for name in names:
            write(draw, (LABEL - 8, y + 4), name.replace("_", " "), INK, 14, "ra")
            for i, row in enumerate(by_name[name]):
                _cell(draw, (LABEL + i * CELL[0], y), row["top1"], f"{row[key]:g}" if key == "strength" else "")
            write(draw, (width, y + 5), _at(halves[name]), INK, 13, "ra")
            y += LINE
    return image


def _at(strength: float | None) -> str:
    return "never" if strength is None else f"{strength:.2g}"


def _cell(draw: ImageDraw.ImageDraw, at: tuple[int, int], value: float, small: str = "", size: tuple[int, int] = CELL) -> None:
    colour = _colour(value)
    ink: Ink = (255, 255, 255) if sum(colour) < 380 else INK
    x, y = at
    draw.rectangle((x, y, x + size[0] - 3, y + size[1] - 3), colour)
    middle = x + size[0] / 2 - (13 if small else 1)
    write(draw, (middle, y + size[1] / 2 - 1), f"{100 * value:.0f}", ink, 14, "mm")
    if small:
        write(draw, (x + size[0] - 8, y + size[1] / 2), small, ink, 10, "rm")


def _colour(value: float) -> Ink:
    red, green, blue = (int(level) for level in coloured([[value]], 0, 1, "viridis")[0, 0])  # type: ignore[arg-type]
    return red, green, blue


def _map(found: StressResult) -> Image.Image | None:
    """Accuracy where each place is covered."""
    if not found.places:
        return None
    size = (64, 40)
    image = Image.new("RGB", (GRID * size[0] + 300, 34 + GRID * size[1]), PAPER)
    draw = ImageDraw.Draw(image)
    write(draw, (0, 0), "A grey square in each place", INK, 18)
    for row, line in enumerate(found.places):
        for column, share in enumerate(line):
            _cell(draw, (column * size[0], 34 + row * size[1]), share["top1"], size=size)
    worst = min(share["top1"] for line in found.places for share in line)
    notes = (f"{COVER:.0%} of each side,", f"around the middle of each of {GRID} × {GRID} cells.", f"Worst: {worst:.1%}")
    for i, words in enumerate(notes):
        write(draw, (GRID * size[0] + 14, 40 + 20 * i), words, FAINT, 13)
    return image


def _group(found: StressResult) -> Image.Image | None:
    """The pictures of the worst group."""
    if not found.subgroups or not found.examples:
        return None
    side, width = 84, LABEL + 5 * CELL[0] + 66
    image = Image.new("RGB", (width, side + 60), PAPER)
    draw = ImageDraw.Draw(image)
    write(draw, (0, 0), "Worst group within a class", INK, 18)
    write(draw, (0, 26), f"{_worst(found)}", FAINT, 14)
    for i, picture in enumerate(found.examples[: width // (side + 8)]):
        shown = tile(picture[..., 0] if picture.shape[2] == 1 else picture, side)
        image.paste(shown.convert("RGB"), (i * (side + 8), 54))
    return image


def _worst(found: StressResult) -> str:
    worst = (found.subgroups or {})["worst"]
    value, low, high = percent(worst["top1"], worst["low"], worst["high"])
    return f"{worst['class']}, {value} right ({low} to {high}, n = {worst['n']})".replace("\N{NO-BREAK SPACE}", " ")


def _words(found: StressResult) -> Image.Image | None:
    """Backgrounds, shortcuts and practice in sentences."""
    lines = [f"Before {said}: {percent(row['top1'])[0]} right" for said, row in _backgrounds(found)]
    lines += [f"{'ok' if row['ok'] else 'LOOK'}: {row['says']}" for row in found.shortcuts] + _practised(found)
    if not lines:
        return None
    image = Image.new("RGB", (1160, 32 + 22 * len(lines)), PAPER)
    draw = ImageDraw.Draw(image)
    write(draw, (0, 0), "What else to know", INK, 18)
    for i, line in enumerate(lines):
        write(draw, (0, 32 + 22 * i), line, FAINT, 14)
    return image


def _backgrounds(found: StressResult) -> list[tuple[str, Row]]:
    names = {"another": "another picture's background", "grey": "plain grey"}
    return [(names[row["background"]], row) for row in found.backgrounds]


def _practised(found: StressResult) -> list[str]:
    if found.overlaps is None:
        return ["Which changes the training has practised is not known: there is no recipe."]
    return [f"Practised: {row['augmentation']} in training overlaps {', '.join(row['tests'])}" for row in found.overlaps if row["tests"]]


def _stacked(parts: Sequence[Image.Image | None]) -> Image.Image | None:
    kept = [part for part in parts if part]
    if not kept:
        return None
    image = Image.new("RGB", (max(part.width for part in kept), sum(part.height for part in kept) + GAP * (len(kept) - 1)), PAPER)
    y = 0
    for part in kept:
        image.paste(part, (0, y))
        y += part.height + GAP
    return image


def _page(found: StressResult, title: str) -> str:
    """The scorecard as a page: every figure with its interval, and the failures with their pictures."""
    value, low, high = percent(*(found.clean[key] for key in ("value", "low", "high")))
    words = f"<b>{value} of {found.clean['n']:,} pictures right as they are</b>; with 95&nbsp;% confidence between {low} and {high}."
    if mce := found.mce:
        words += (
            f" Under {mce['over']} corruptions on average {percent(mce['value'])[0]} are wrong, {percent(mce['relative'])[0]} more than "
            f"clean. Baseline: {escape(mce['baseline'])}"
        )
    hero = f'<section class="card hero"><p class="kind">Stress test</p><h1>{escape(title)}</h1><p>{words}</p></section>'
    parts = [hero, _table(found, "Corruptions", found.corruptions, "severity"), _table(found, "Challenges", found.challenges, "strength")]
    return page(f"{title}: stress", "\n".join([*parts, _places(found), _groups(found), _said(found), _fallen(found)]))


def _table(found: StressResult, title: str, rows: Sequence[Row], key: str) -> str:
    if not rows:
        return ""
    by_name = {name: [row for row in rows if row["name"] == name] for name in dict.fromkeys(row["name"] for row in rows)}
    halves, lines = found.halves, []
    columns = max(map(len, by_name.values()))
    for name, own in by_name.items():
        cells = [_filled(row, f"<small>{row[key]:g}</small>" if key == "strength" else "") for row in own]
        means = f"<small> {escape(CHALLENGES[name].means)}</small>" if key == "strength" else ""
        link = f'<a href="#{name}">{escape(name.replace("_", " "))}</a>{means}'
        lines.append(f'<tr><th scope="row">{link}</th>{"".join(cells)}<td>{_at(halves[name])}</td></tr>')
    steps = [f"{row['severity']}" if key == "severity" else "" for row in next(iter(by_name.values()))][:columns]
    head = f"<th>{title.lower()}</th>" + "".join(f"<th>{step}</th>" for step in steps) + f"<th>{HALF}</th>"
    lead = f"Per cent right, by {key}; point at one for its interval. The last column: the {key} that halves the accuracy."
    return card(title, lead, f'<div class="scroll" tabindex="0">{table(head, lines)}</div>')


def _filled(row: Row, small: str = "") -> str:
    value, low, high = percent(row["top1"], row["low"], row["high"])
    colour = _colour(row["top1"])
    ink = "#fff" if sum(colour) < 380 else "#14171c"
    style = f"background:rgb{colour};color:{ink};text-align:center"
    return f'<td style="{style}" title="{value}, 95 % interval {low} to {high}, n = {row["n"]:,}">{100 * row["top1"]:.0f} {small}</td>'


def _places(found: StressResult) -> str:
    if not found.places:
        return ""
    lines = [f"<tr>{''.join(map(_filled, line))}</tr>" for line in found.places]
    lead = (
        f"Per cent right with a grey square of {COVER:.0%} of each side around the middle of each cell: the darker, the more it needs it."
    )
    return card("Where it looks", lead, table("", lines))


def _groups(found: StressResult) -> str:
    if not found.subgroups:
        return ""
    shown = "".join(f'<figure><span class="frame">{thumbnail(picture)}</span></figure>' for picture in found.examples)
    lead = (
        f"{escape(_worst(found))}. Groups by k-means on the vectors before the last layer, of {len(found.subgroups['groups'])}; chosen by "
        "half of its pictures and judged on the other half. Wrong ones first."
    )
    return card("The worst group within a class", lead, f'<div class="pictures">{shown}</div>')


def _said(found: StressResult) -> str:
    rows = [f"<li>{'✓' if row['ok'] else '✗'} {escape(row['says'])}</li>" for row in found.shortcuts]
    rows += [f"<li>{escape(line)}</li>" for line in _practised(found)]
    lead = "Can the class be told without the object? And which changes were practised in training, so that their tests flatter?"
    return card("Shortcuts and practice", lead, f'<ul class="steps">{"".join(rows)}</ul>') if rows else ""


def _fallen(found: StressResult) -> str:
    """Under each change the first pictures that it took away."""
    shown: Callable[[Any], str] = lambda failure: (  # noqa: E731
        f'<figure class="wrong"><span class="frame" title="{escape(failure.source)}">{thumbnail(failure.picture)}</span><figcaption>'
        f'<b>{escape(failure.truth)}</b> <span class="no">→ {escape(failure.label)}</span><span class="sure">at {failure.by:g}</span>'
        "</figcaption></figure>"
    )
    body = "".join(
        f'<h3 id="{name}">{escape(name.replace("_", " "))}</h3><div class="pictures">{"".join(map(shown, kept))}</div>'
        for name, kept in found.failures.items()
        if kept
    )
    lead = f"Right as they are, wrong at the weakest change that shows it, up to {SHOWN} for each; point at one for its file."
    return card("The first to fall", lead, body) if body else ""
