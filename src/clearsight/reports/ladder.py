"""The ladder as a page, and as a card for the reports of its rungs."""

from html import escape
from itertools import pairwise
from pathlib import Path

from ..base.files import write_atomic
from ..experiments.ladder import LadderResult, Standing, sentence
from .report import card, page, table
from .words import interval, percent

CHANGES = {"shift": "shifted", "brightness": "lighter or darker", "occlusion": "partly covered"}


def write_page(ladder: LadderResult, path: Path | None = None) -> Path:
    """Write the page to `path`, by default `ladder.html` in the ladder's folder; returns where it is."""
    best = max(ladder.standings, key=lambda row: row.accuracy["value"])
    value, *limits = interval(best.accuracy)
    between = f" (95&nbsp;% confidence: {' to '.join(limits)})" if limits else ""
    hero = (
        f'<section class="card hero"><p class="kind">Ladder on the test part</p><h1>{escape(ladder.data)}, rung by rung</h1>'
        f"<p><b>{escape(best.title)} gets {value}</b> of {ladder.n:,} test pictures correct{between}, after "
        f"{ladder.train:,} training pictures. Each rung below costs less.</p></section>"
    )
    path = path or ladder.folder / "ladder.html"
    write_atomic(path, page(f"{ladder.data}: the ladder", hero + cards(ladder)).encode("utf-8", "backslashreplace"))
    return path


def cards(ladder: LadderResult) -> str:
    """The plot, the table and what each step bought."""
    from .figures import charts

    rows = ladder.standings
    plot = charts.rungs([(row.title, [row.by_share.get(share) for share in ("0.01", "0.1")], row.accuracy) for row in rows]).svg()
    lead = (
        f"Accuracy on the same {ladder.n:,} pictures, with 95 % intervals; the paler dots are the same rung with 10 % and with 1 % of the "
        "labels."
    )
    steps = "".join(f"<li>{escape(sentence(below, above))}</li>" for below, above in pairwise(rows))
    lead_steps = "Paired on the same pictures, with 95 % intervals; noise: not significant by McNemar's test."
    bought = card("Gain of each step", lead_steps, f'<ul class="steps">{steps}</ul>') if steps else ""
    return card("The ladder", lead, f'<div class="scroll" tabindex="0">{plot}</div>') + card("Table", _changes(), _figures(rows)) + bought


def _changes() -> str:
    return (
        "Shifted by a fourteenth of the side, lighter or darker by a fifth of the range, a third of each side covered by a grey rectangle: "
        "no rung has seen such pictures unless its training augments. Seconds are the training time on this machine."
    )


def _figures(rows: list[Standing]) -> str:
    head = "".join(
        f"<th>{name}</th>" for name in ("rung", "accuracy", "1 % of labels", "10 %", *CHANGES.values(), "parameters", "s", "pictures/s")
    )
    lines = []
    for row in rows:
        shares = [percent(row.by_share[share]["value"])[0] if share in row.by_share else "–" for share in ("0.01", "0.1")]
        changes = [percent(row.changed[name]["value"])[0] if row.changed else "–" for name in CHANGES]
        cost = [f"{row.parameters:,}", f"{row.seconds:,.1f}", f"{row.pictures_per_second:,.0f}"] if row.run else ["–"] * 3
        cells = "".join(f"<td>{cell}</td>" for cell in (percent(row.accuracy["value"])[0], *shares, *changes, *cost))
        lines.append(f'<tr><th scope="row">{escape(row.title)}</th>{cells}</tr>')
    return table(head, lines)
