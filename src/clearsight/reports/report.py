"""`report.html`: one page that says how good the classifier is, shows it in pictures, and needs nothing but itself."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import __version__
from ..base.files import write_atomic
from ..base.randomness import permutation
from ..classifier import Classifier
from ..datasets.dataset import Dataset
from ..evaluation.evaluate import Evaluation
from ..metrics.intervals import wilson
from .figures import charts
from .thumbnails import thumbnails

SAMPLES = 8  # right ones, and as many wrong ones
MISTAKES = 16
PAIRS = 9
LARGEST_MATRIX = 20  # classes; beyond that a matrix is a carpet, and the commonest mistakes say more
LONGEST_LIST = 30
LOWEST = 20
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

Show = Callable[[int], str]
Row = Mapping[str, Any]


class Kept(NamedTuple):
    """Whose weights a run has kept: those of an `epoch` (0: the solved head), or the mean of the last `souped` ones."""

    epoch: int
    souped: int = 0


def write_report(
    path: str | Path,
    *,
    title: str,
    facts: Mapping[str, str],
    history: Sequence[Row] | None = None,
    evaluation: Evaluation | None = None,
    evaluation_part: str = "test",
    dataset: Dataset | None = None,
    classifier: Classifier | None = None,
    kept: Kept | None = None,
    more: str = "",
) -> None:
    """Write the report; `history` are the rows of results.csv, `dataset` has the pictures that `evaluation` judged, `more` are HTML cards.

    `kept` says whose weights these are, None that it is not known. The fact `command` is shown as the way to make the same again. Raises
    UnreadableImage when a picture to show is gone.
    """
    parts: list[str] = []
    if evaluation is not None:
        show = thumbnails(evaluation, dataset) if dataset is not None else lambda row: ""
        sections = (_samples(evaluation, show), _matrix(evaluation), _pairs(evaluation, show), _mistakes(evaluation, show))
        parts += [
            _hero(title, evaluation, evaluation_part),
            *sections,
            _classes(evaluation),
            _calibration(evaluation),
        ]
    else:
        parts.append(
            f'<section class="card hero"><p class="kind">Training report</p><h1>{escape(title)}</h1>{_epoch(history or [], kept)}</section>'
        )
    parts += [more, _curves(history or [], kept), _facts(facts, classifier)]
    write_atomic(path, page(title, "\n".join(part for part in parts if part)).encode("utf-8", "backslashreplace"))


def page(title: str, body: str) -> str:
    """A whole page that loads nothing."""
    style = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n{body}\n"
        f"<footer>Made by Clearsight {escape(__version__)}. This page is one file and loads nothing.</footer>\n</main>\n</body>\n</html>\n"
    )


def card(title: str, lead: str, body: str) -> str:
    """One section of a page; `title`, `lead` and `body` are HTML."""
    return f'<section class="card"><h2>{title}</h2><p>{lead}</p>{body}</section>'


def percent(*shares: float) -> list[str]:
    """Shares as per cent with one decimal, or with two for all when one of them is near 0 or 1."""
    decimals = 2 if any(0 < min(share, 1 - share) < 0.005 for share in shares) else 1
    return [f"{100 * share:.{decimals}f}\N{NO-BREAK SPACE}%" for share in shares]


def _hero(title: str, evaluation: Evaluation, part: str) -> str:
    figures, why = evaluation.figures, escape(evaluation.no_interval)
    value = _interval(figures["top1"])[0]
    kind = "" if part == "all" else f"{escape(part)} "
    common = max(row.n for row in evaluation.per_class) / len(evaluation)
    words = (
        f"<b>{value} of {len(evaluation):,} {kind}pictures right</b>; {_limits(figures['top1'])}. "
        f"Always answering the commonest of the {len(evaluation.classes)} classes would get {percent(common)[0]}."
    )
    note = ""
    if why:
        note = (
            f'<p class="note">No figure here has an interval, since {why}: they flatter, by how much is not known. '
            "The test part, read once in the end, gives the honest ones: <b>clearsight evaluate</b>.</p>"
        )
    return (
        f'<section class="card hero"><p class="kind">Report on the {kind}part</p>'.replace("the part", "all pictures")
        + f'<h1>{escape(title)}</h1><div class="answer"><strong>{value[:-2]}<small>%</small></strong><p>{words}</p></div>'
        + f'<dl class="tiles">{"".join(_tile(*tile) for tile in _tiles(evaluation))}</dl>{note}</section>'
    )


def _tiles(evaluation: Evaluation) -> list[tuple[str, str, str]]:
    figures = evaluation.figures
    top5, macro = (_interval(figures[name])[0] for name in ("top5", "macro"))
    among = _limits(figures["top5"], "")
    blind = f"{np.log(len(evaluation.classes)):.3f}"
    return [
        (f"top-{figures['top5_k']} accuracy", top5, among),
        ("macro accuracy", macro, f"every class counts the same; {_limits(figures['macro'], '')}"),
        (
            "calibration error",
            percent(figures["ece"])[0],
            f"ECE; {percent(figures['ece_raw'])[0]} before temperature {evaluation.temperature:.2f}",
        ),
        ("log loss", f"{figures['nll']:.3f}", f"NLL in nats; guessing blindly: {blind}"),
        (
            "speed",
            f"{figures['pictures_per_second']:,.0f}/s",
            f"{figures['seconds']:,.1f} s for all pictures with reading them; {figures['speed']}, in {figures['precision']}",
        ),
    ]


def _interval(accuracy: Mapping[str, Any]) -> list[str]:
    limits = () if accuracy["low"] is None else (accuracy["low"], accuracy["high"])
    return percent(accuracy["value"], *limits)


def _limits(accuracy: Mapping[str, Any], words: str = "with 95\N{NO-BREAK SPACE}% confidence between ") -> str:
    """The limits of an interval, or why there are none."""
    _, *limits = _interval(accuracy)
    return words + (" and " if words else " to ").join(limits) if limits else str(accuracy["reason"])


def _sure(confidence: float) -> str:
    return "> 99.9 %" if confidence >= 0.9995 else f"{100 * confidence:.1f} %"


def _tile(name: str, value: str, words: str) -> str:
    return f"<div><dt>{escape(name)}</dt><dd>{escape(value)}<small>{escape(words)}</small></dd></div>"


def _epoch(history: Sequence[Row], kept: Kept | None) -> str:
    """The kept epoch on validation, or the last one where none of the rows is what is kept."""
    if not history:
        return '<p class="lead">Nothing has been measured yet.</p>'
    rows = [row for row in history if kept and not kept.souped and row["epoch"] == kept.epoch]
    row = rows[0] if rows else history[-1]
    value = percent(row["val_accuracy"])[0]
    which = f"which is kept, of {len(history)}" if rows else "the last"
    words = f"<b>{value} of the validation pictures right</b> after epoch {row['epoch']:g}, {which}."
    return f'<div class="answer"><strong>{value[:-2]}<small>%</small></strong><p>{words}</p></div>'


def _figure(evaluation: Evaluation, row: int, show: Show) -> str:
    answer = evaluation.answer(row)
    truth, label, sure = escape(answer["truth"]), escape(answer["label"]), escape(_sure(answer["confidence"]))
    if evaluation.right[row]:
        words, css = f"<b>{truth}</b>", "right"
    else:
        words, css = f'<b>{truth}</b> <span class="no">→ {label}</span>', "wrong"
    return f'<figure class="{css}">{show(row)}<figcaption>{words}<span class="sure">{sure} sure</span></figcaption></figure>'


def _pictures(evaluation: Evaluation, rows: Sequence[int], show: Show) -> str:
    return f'<div class="pictures">{"".join(_figure(evaluation, row, show) for row in rows)}</div>'


def _samples(evaluation: Evaluation, show: Show) -> str:
    """Pictures drawn at random, not chosen: the same ones for every classifier judged on this part."""
    order = permutation(0, 0, len(evaluation)).numpy()
    wrong = int((~evaluation.right).sum())
    body = ""
    for right, words in (
        (True, f'<span class="yes-mark">✓</span> right: {len(evaluation) - wrong:,}'),
        (False, f'<span class="no-mark">✗</span> wrong: {wrong:,}'),
    ):
        rows = order[evaluation.right[order] == right][:SAMPLES].tolist()
        body += f"<h3>{words}</h3>{_pictures(evaluation, rows, show)}" if rows else ""
    return card("What it sees and what it says", "Drawn at random, not chosen. Below a wrong answer: the truth → what it said.", body)


def _mistakes(evaluation: Evaluation, show: Show) -> str:
    rows = evaluation.mistakes(MISTAKES)
    if not rows:
        return ""
    lead = (
        "Wrong, and surest of it. Here hide the wrong labels, the pictures that could be either, and what the classifier never understood."
    )
    return card("Most confident mistakes", lead, _pictures(evaluation, rows, show))


def _matrix(evaluation: Evaluation) -> str:
    if not 1 < len(evaluation.classes) <= LARGEST_MATRIX:
        return ""
    names = [escape(label) for label in evaluation.classes]
    head = "".join(f'<th scope="col" title="{name}"><span>{name}</span></th>' for name in names)
    rows = [
        f'<tr><th scope="row" title="{name}">{name}</th>{_cells(row, i, names)}</tr>'
        for i, (name, row) in enumerate(zip(names, evaluation.confusion.tolist(), strict=True))
    ]
    table = (
        f'<div class="scroll" tabindex="0"><table class="heat" style="--k:{len(names)}"><colgroup><col class="names"></colgroup>'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
        '<p class="legend"><span><i></i>right</span><span><i class="miss"></i>wrong</span><span>deeper: a larger share</span></p>'
    )
    return card("What is taken for what", "Rows: the truth. Columns: what it said. Numbers are pictures.", table)


def _cells(row: Sequence[int], own: int, names: Sequence[str]) -> str:
    total = max(1, sum(row))
    cells = []
    for i, n in enumerate(row):
        depth = 95 * (n / total) ** 0.5  # the root lets a mistake of 1 % still be seen beside a diagonal of 95 %
        css = " ".join(word for word, yes in (("diagonal", i == own), ("strong", depth > 70), ("zero", n == 0)) if yes)
        told = f"{names[own]} taken for {names[i]}: {n:,} of {total:,}"
        cells.append(f'<td class="{css}" style="--v:{depth:.0f}" title="{told}">{n}</td>')
    return "".join(cells)


def _pairs(evaluation: Evaluation, show: Show) -> str:
    found = evaluation.confused_pairs(PAIRS)
    figures = []
    for truth, guess, n in found:
        rows = np.flatnonzero((evaluation.labels == truth) & (evaluation.predictions == guess))
        surest = int(rows[evaluation.confidences[rows].argmax()])
        share = percent(n / evaluation.per_class[truth].n)[0]
        names = f"<b>{escape(evaluation.classes[truth])}</b> taken for <b>{escape(evaluation.classes[guess])}</b>"
        words = f'{names}<span class="sure">{n:,} of {evaluation.per_class[truth].n:,}: {share}</span>'
        figures.append(f'<figure class="wrong">{show(surest)}<figcaption>{words}</figcaption></figure>')
    lead = "The commonest mistakes, each with the picture it was surest about."
    return card("Most confused pairs", lead, f'<div class="pairs">{"".join(figures)}</div>') if found else ""


def _classes(evaluation: Evaluation) -> str:
    rows = [(label, scores) for label, scores in zip(evaluation.classes, evaluation.per_class, strict=True) if scores.n]
    rows.sort(key=lambda row: row[1].recall or 0.0)
    absent = [label for label, scores in zip(evaluation.classes, evaluation.per_class, strict=True) if not scores.n]
    limits = "" if evaluation.no_interval else ", with the 95 % interval"
    lead = f"Recall: how many of a class it finds{limits}. Precision: how many of those it calls so are. The hardest first."
    if len(rows) > LONGEST_LIST:
        lead += f" These are the {LOWEST} lowest of {len(rows)}."
        rows = rows[:LOWEST]
    if absent:
        shown = ", ".join(escape(label) for label in absent[:LOWEST]) + (" …" if len(absent) > LOWEST else "")
        lead += f" Without a picture here: {shown}."
    body = []
    for label, scores in rows:
        recall = scores.recall or 0.0
        ends = None if evaluation.no_interval else wilson(round(recall * scores.n), scores.n)
        bar = charts.share_bar(recall, ends)
        numbers = "".join(f"<td>{'–' if x is None else percent(x)[0]}</td>" for x in (recall, scores.precision, scores.f1))
        body.append(f'<tr><th scope="row">{escape(label)}</th><td class="bar">{bar}</td>{numbers}<td>{scores.n:,}</td></tr>')
    head = "<th>class</th><th></th><th>recall</th><th>precision</th><th>F1</th><th>pictures</th>"
    return card("Class by class", lead, f'<div class="scroll" tabindex="0">{table(head, body)}</div>')


def table(head: str, rows: Sequence[str]) -> str:
    """A table of figures, from HTML cells and rows."""
    return f'<table class="classes"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def _calibration(evaluation: Evaluation) -> str:
    right, sure = evaluation.figures["top1"]["value"], float(evaluation.confidences.mean())
    gap = sure - right
    tendency = (
        "It is about as sure as it should be." if abs(gap) < 0.01 else "It is too sure of itself." if gap > 0 else "It could be surer."
    )
    lead = (
        f"On the dashed line, a confidence of 80 % means right in 80 of 100 cases. On average it says {percent(sure)[0]} and is right in "
        f"{percent(right)[0]}. {tendency}"
    )
    columns = f'<div class="two"><div>{charts.reliability(evaluation.reliability)}</div><div>{_thresholds(evaluation)}</div></div>'
    return card("Can its confidence be trusted?", lead, columns)


def _thresholds(evaluation: Evaluation) -> str:
    """What is left, and how right it is, when only answers above a confidence are taken."""
    rows = []
    for least in (0.0, 0.5, 0.8, 0.9, 0.95, 0.99):
        kept = evaluation.confidences >= least
        hits = percent(float(evaluation.right[kept].mean()))[0] if kept.any() else "–"
        name = f"at least {least:.0%}".replace("%", " %") if least else "all answers"
        rows.append(
            f'<tr><th scope="row">{name}</th><td>{int(kept.sum()):,}</td><td>{percent(float(kept.mean()))[0]}</td><td>{hits}</td></tr>'
        )
    head = "<th>answers taken</th><th>pictures</th><th>of all</th><th>right</th>"
    after = '<p class="after">The rest would go to a person, or to a better classifier.</p>'
    return f"<h3>If only sure answers are taken</h3>{table(head, rows)}{after}"


def _curves(history: Sequence[Row], kept: Kept | None) -> str:
    if not history:
        return ""
    epochs = [float(row["epoch"]) for row in history]
    axis = "strength of L2, in the order tried" if "l2" in history[0] else "epoch"
    best = float(kept.epoch) if kept and not kept.souped and kept.epoch in epochs else None

    def series(train: str, val: str) -> list[charts.Series]:
        return [("training", [float(row[train]) for row in history], "b"), ("validation", [float(row[val]) for row in history], "a")]

    loss = charts.lines(series("loss", "val_loss"), epochs, best=best, axis=axis)
    accuracy = charts.lines(series("accuracy", "val_accuracy"), epochs, unit=" %", ceiling=1, best=best, axis=axis)
    lead = (
        f"{_which(kept, best, axis)}Training figures are taken while it learns, on changed pictures and with dropout "
        "where the recipe has them, so they can look worse than validation's."
    )
    return card("How it learnt", lead, f'<div class="two"><div><h3>loss</h3>{loss}</div><div><h3>accuracy</h3>{accuracy}</div></div>')


def _which(kept: Kept | None, marked: float | None, axis: str) -> str:
    """The sentence on whose weights are kept, where that is known."""
    if marked is not None:
        return f"The dotted line marks the kept {axis.split()[0]}, {marked:g}. "
    if kept and kept.souped:
        return f"Kept is the soup: the mean of the weights of the last {kept.souped} epochs. "
    return "Kept is the solved head, from before the first epoch. " if kept and not kept.epoch else ""


def _facts(facts: Mapping[str, str], classifier: Classifier | None) -> str:
    told = {name: str(value) for name, value in facts.items() if name != "command"}
    if classifier is not None:
        size = classifier.preprocessing
        told.setdefault("input", f"{size.channels} × {size.height} × {size.width}")
        told.setdefault("temperature", f"{classifier.temperature:.3f}")
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in told.items())
    again = f"<h3>Make it again</h3><pre>{escape(facts['command'])}</pre>" if facts.get("command") else ""
    lead = "A number without these is a rumour."
    return card("How it was made", lead, f'<dl class="facts">{rows}</dl>{again}') if told or again else ""
