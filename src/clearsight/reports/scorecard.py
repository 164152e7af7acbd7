"""The results of `stress` as one figure, and as a page with the pictures that became wrong."""

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from ..base.files import write_atomic, write_json
from ..corruptions.challenges import CHALLENGES
from ..evaluation.rows import Changed, Share, level
from ..evaluation.stress import COVER, SHOWN, StressResult
from .figures.scorecard import HALF, at, colours, practised, scorecard_figure, worst_group
from .report import card, page, table
from .saving import saved
from .style import PRINT, Style
from .thumbnails import thumbnail
from .words import percent


def write_scorecard(result: StressResult, folder: Path, title: str, *, style: Style = PRINT) -> dict[str, Path]:
    """Write `scorecard.png`, `scorecard.html` and `stress.json` into `folder`; returns the files by their kind."""
    files = {"scorecard": folder / "scorecard.png", "report": folder / "scorecard.html", "figures": folder / "stress.json"}
    write_atomic(files["scorecard"], saved([scorecard_figure(result, title, style=style)], ".png"))
    write_atomic(files["report"], _page(result, title).encode("utf-8", "backslashreplace"))
    write_json(files["figures"], {"title": title, **result.to_json()})
    return files


def _page(result: StressResult, title: str) -> str:
    """The scorecard as a page: every accuracy with its interval, and the failures with their pictures."""
    value, low, high = percent(*(result.clean[key] for key in ("value", "low", "high")))
    words = f"<b>{value} of {result.clean['n']:,} unchanged pictures correct</b>; with 95&nbsp;% confidence between {low} and {high}."
    if mce := result.mce:
        words += (
            f" Under {mce['over']} corruptions the mean error is {percent(mce['value'])[0]}, {percent(mce['relative'])[0]} more than "
            f"on clean pictures. Baseline: {escape(mce['baseline'])}"
        )
    hero = f'<section class="card hero"><p class="kind">Stress test</p><h1>{escape(title)}</h1><p>{words}</p></section>'
    parts = [
        hero,
        _table(result, "Corruptions", result.corruptions, "severity"),
        _table(result, "Challenges", result.challenges, "strength"),
    ]
    return page(f"{title}: stress", "\n".join([*parts, _places(result), _groups(result), _said(result), _fallen(result)]))


def _table(result: StressResult, title: str, rows: Sequence[Changed], key: str) -> str:
    if not rows:
        return ""
    by_name = {name: [row for row in rows if row["name"] == name] for name in dict.fromkeys(row["name"] for row in rows)}
    halves, lines = result.halves, []
    columns = max(map(len, by_name.values()))
    for name, own in by_name.items():
        cells = [_filled(row, f"<small>{level(row):g}</small>" if key == "strength" else "") for row in own]
        means = f"<small> {escape(CHALLENGES[name].means)}</small>" if key == "strength" else ""
        link = f'<a href="#{name}">{escape(name.replace("_", " "))}</a>{means}'
        lines.append(f'<tr><th scope="row">{link}</th>{"".join(cells)}<td>{at(halves[name])}</td></tr>')
    steps = [f"{level(row):g}" if key == "severity" else "" for row in next(iter(by_name.values()))][:columns]
    head = f"<th>{title.lower()}</th>" + "".join(f"<th>{step}</th>" for step in steps) + f"<th>{HALF}</th>"
    lead = f"Accuracy in per cent by {key}; the tooltip has the interval. Last column: the {key} that halves the accuracy."
    return card(title, lead, f'<div class="scroll" tabindex="0">{table(head, lines)}</div>')


def _filled(row: Share, small: str = "") -> str:
    value, low, high = percent(row["top1"], row["low"], row["high"])
    fill, ink = colours(row["top1"])
    style = f"background:{fill};color:{ink};text-align:center"
    return f'<td style="{style}" title="{value}, 95 % interval {low} to {high}, n = {row["n"]:,}">{100 * row["top1"]:.0f} {small}</td>'


def _places(result: StressResult) -> str:
    if not result.places:
        return ""
    lines = [f"<tr>{''.join(map(_filled, line))}</tr>" for line in result.places]
    lead = f"Accuracy in per cent with a grey square of {COVER:.0%} of each side centred on each cell: dark where it matters."
    return card("Sensitivity to occlusion", lead, table("", lines))


def _groups(result: StressResult) -> str:
    if not result.subgroups:
        return ""
    shown = "".join(f'<figure><span class="frame">{thumbnail(picture)}</span></figure>' for picture in result.examples)
    groups = len(result.subgroups["groups"])
    lead = (
        f"{escape(worst_group(result))}. k-means on the features gives {groups} groups; the worst is chosen on half of its pictures and "
        "evaluated on the other half. Wrong ones first."
    )
    return card("Worst subgroup of a class", lead, f'<div class="pictures">{shown}</div>')


def _said(result: StressResult) -> str:
    rows = [f"<li>{'✓' if row['ok'] else '✗'} {escape(row['says'])}</li>" for row in result.shortcuts]
    rows += [f"<li>{escape(line)}</li>" for line in practised(result)]
    lead = "Can the class be predicted without the object? Which tests resemble augmentations of the training, and look too good?"
    return card("Shortcuts and overlap with training", lead, f'<ul class="steps">{"".join(rows)}</ul>') if rows else ""


def _fallen(result: StressResult) -> str:
    """For each change the first pictures that became wrong."""
    shown: Callable[[Any], str] = lambda failure: (  # noqa: E731
        f'<figure class="wrong"><span class="frame" title="{escape(failure.source)}">{thumbnail(failure.picture)}</span><figcaption>'
        f'<b>{escape(failure.truth)}</b> <span class="no">→ {escape(failure.label)}</span><span class="sure">at {failure.by:g}</span>'
        "</figcaption></figure>"
    )
    body = "".join(
        f'<h3 id="{name}">{escape(name.replace("_", " "))}</h3><div class="pictures">{"".join(map(shown, kept))}</div>'
        for name, kept in result.failures.items()
        if kept
    )
    lead = f"Correct unchanged, wrong from the given strength on; up to {SHOWN} for each change. The tooltip has the file."
    return card("First failures", lead, body) if body else ""
