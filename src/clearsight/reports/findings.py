"""Results of other verbs on a run: kept as JSON in its folder, and shown in its report.html."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any

from ..base.files import write_atomic, write_json
from ..base.lock import REPORT, hold
from ..base.stored import read_table, taken_from
from .report import card, renew_contents, table
from .words import percent

READ = (
    '<h3>how to read this</h3><p class="after">An attack gives an upper bound of the robust accuracy: a stronger one may leave less. '
    "The minimal ε of a picture is that of the smallest adversarial change found for it; the table has the median over the pictures.</p>"
)
BEGIN, END = "<!-- findings -->", "<!-- end of findings -->"
WHAT = "what Clearsight keeps of a run's findings"
Found = Mapping[str, Any]


def keep(folder: Path, kind: str, name: str, figures: Found) -> None:
    """Add `figures` under `name` to the run's `<kind>.json`, and show it in its report if there is one."""
    path = folder / f"{kind}.json"
    with hold(folder, REPORT, wait=True):  # or what another adds meanwhile would be lost
        write_json(path, {**(read_table(path, WHAT) if path.is_file() else {}), name: figures})
        show(folder)


def show(folder: Path) -> None:
    """Put the results into the existing report."""
    report = folder / "report.html"
    if report.is_file():
        before, begin, rest = report.read_text(encoding="utf-8").partition(BEGIN)
        if begin:
            text = before + cards(folder) + rest.partition(END)[2]
            write_atomic(report, renew_contents(text).encode("utf-8", "backslashreplace"))


def cards(folder: Path) -> str:
    """The cards of all results, between two marks at which they can be replaced; raises CorruptFile for a file of another shape."""
    shown = []
    for kind, make in CARDS.items():
        path = folder / f"{kind}.json"
        if path.is_file():
            with taken_from(path, WHAT):
                shown.append(make(read_table(path, WHAT), folder))
    return BEGIN + "".join(shown) + END


def attacks(figures: Found, folder: Path) -> str:
    """The robust accuracy under each attack, the last one's by ε, and the warnings of its preflight."""
    from .figures import charts

    rows = []
    for name, one in figures.items():
        numbers = [percent(one[key]["value"], one[key]["low"], one[key]["high"]) for key in ("clean", "robust", "after_uint8")]
        middle = one["median_minimal_epsilon"]
        texts = [
            *(f"{value}<br><small>{low} to {high}</small>" for value, low, high in numbers),
            "–" if middle is None else f"{middle:.4g}",
        ]
        cells = "".join(f"<td>{text}</td>" for text in (escape(one["data"]), f"{one['n']:,}", *texts))
        rows.append(f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>')
    titles = ("attack", "pictures", "n", "clean accuracy", "robust accuracy", "robust, saved in 8 bits", "median minimal ε")
    last, doubts = list(figures.values())[-1], []
    epsilons = [row["epsilon"] for row in last["curve"]]
    robust = [("robust accuracy", [row["value"] for row in last["curve"]], "accent")]
    drawn = charts.lines(robust, epsilons, y="accuracy", share=True, axis="ε, in units of [0, 1]")
    chart = drawn.svg() if drawn else ""
    for name, one in figures.items():
        doubts += [
            f"<li><b>{escape(name)}, {escape(row['check'])}</b>: {escape(row['says'])}</li>" for row in one["preflight"] if not row["ok"]
        ]
    lead = (
        "Each picture is changed by at most ε (in units of [0, 1]) to be misclassified. With 95 % intervals; the curve is the last row's. "
        + ("Preflight warnings:" if doubts else "The preflight found no problem.")
    )
    listed = f'<ul class="steps">{"".join(doubts)}</ul>' if doubts else ""
    head = "".join(f"<th>{title}</th>" for title in titles)
    columns = f'<div class="two"><div><h3>robust accuracy by ε</h3>{chart}</div><div>{READ}</div></div>'
    body = f'<div class="scroll" tabindex="0">{table(head, rows)}</div>{columns}'
    return card("Adversarial robustness", lead, listed + body)


def stress(figures: Found, folder: Path) -> str:
    """The scorecard, the mean corruption error, and the shortcuts that were found."""
    value, low, high = percent(*(figures["clean"][name] for name in ("value", "low", "high")))
    lead = (
        f"{figures['n']:,} pictures, accuracy without change {value} ({low} to {high}), then under common corruptions and other changes "
        "that no adversary chose."
    )
    told = [row["says"] for row in figures["shortcuts"] if not row["ok"]]
    if figures["mce"] is not None:
        told.insert(0, f"Mean corruption error {percent(figures['mce'])[0]}, not divided by AlexNet's.")
    picture, image = folder / "scorecard.png", ""
    if picture.is_file():
        image = f'<img class="wide" alt="scorecard" src="data:image/png;base64,{b64encode(picture.read_bytes()).decode()}">'
    return card("Common corruptions", lead, image + "".join(f"<p>{escape(words)}</p>" for words in told))


def ensemble(figures: Found, folder: Path) -> str:
    """The errors of each member, their mean, and the ensemble."""
    named = [*((row["name"], row) for row in figures["members"]), ("mean of members", figures["mean"]), ("ensemble", figures["ensemble"])]
    keys = [key for key in ("top1_error", "top5_error") if key in figures["ensemble"]]
    rows = []
    for name, row in named:
        cells = "".join(f"<td>{_limited(row[key])}</td>" for key in keys)
        rows.append(f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>')
    titles = ("classifier", *(key.replace("top", "top-").replace("_", " ") for key in keys))
    why = figures["ensemble"]["top1_error"].get("reason", "")
    limits = f"without intervals, since {escape(why)}" if why else "with 95 % intervals"
    judged = f"{figures['n']:,} {escape(figures['part'])} pictures"
    lead = f"Errors on the same {judged}, {limits}; the prediction is that of the mean of all probabilities."
    return card("Ensemble", lead, table("".join(f"<th>{title}</th>" for title in titles), rows))


def _limited(row: Found) -> str:
    if row["low"] is None:
        return percent(row["value"])[0]
    value, low, high = percent(row["value"], row["low"], row["high"])
    return f"{value}<br><small>{low} to {high}</small>"


def rungs(figures: Found, folder: Path) -> str:
    """The ladder of a cross-validated head: a plot, what each step bought, and what is left out."""
    from .figures import charts

    plot = charts.rungs([(row["title"], (), row["top1"]) for row in figures["rows"]], axis="cross-validated accuracy").svg()
    lead = (
        f"From always the same answer to the kept network, on the same {figures['n']:,} training pictures, each judged by a head that had "
        "not learnt from it; with 95 % intervals. Steps are paired."
    )
    said = "".join(f"<li>{escape(line)}</li>" for line in (*figures["steps"], *figures["left_out"]))
    return card("The ladder", lead, f'<div class="scroll" tabindex="0">{plot}</div><ul class="steps">{said}</ul>')


CARDS: dict[str, Callable[[Found, Path], str]] = {
    "rungs": rungs,
    "ensemble": ensemble,
    "attack": attacks,
    "stress": stress,
}
