"""`report.html`: accuracy, mistakes, calibration and provenance of a classifier on one page that loads nothing."""

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import __version__
from ..base.files import write_atomic
from ..base.randomness import permutation
from ..classifier import Classifier
from ..classifier.validation import FOLDS
from ..datasets.dataset import Dataset
from ..evaluation.evaluate import Evaluation
from ..images.deep import PLAIN
from ..metrics.intervals import Estimate
from .thumbnails import thumbnails
from .words import interval, percent, seconds

SAMPLES = 8  # right ones, and as many wrong ones
MISTAKES = 16
PAIRS = 9
LARGEST_MATRIX = 20  # classes; beyond that a matrix is a carpet, and the commonest mistakes say more
LONGEST_LIST = 30
LOWEST = 20
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

Show = Callable[[int], str]
Row = Mapping[str, float]  # of results.csv


class Kept(NamedTuple):
    """The weights that a run has kept: those of an `epoch` (0: the solved head), or the mean of the last `souped` ones."""

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
        reading = classifier.preprocessing.reading if classifier else PLAIN
        show = thumbnails(evaluation, dataset, reading) if dataset is not None else lambda row: ""
        shown: set[int] = set()  # no mistake is shown twice
        sections = (_samples(evaluation, show, shown), _matrix(evaluation), _pairs(evaluation, show, shown))
        parts += [
            _hero(title, evaluation, evaluation_part),
            *sections,
            _mistakes(evaluation, show, shown),
            _classes(evaluation),
            _calibration(evaluation),
        ]
    else:
        parts.append(
            f'<section class="card hero"><p class="kind">Training report</p><h1>{escape(title)}</h1>{_epoch(history or [], kept)}</section>'
        )
    parts += [more, _curves(history or [], kept), _facts(facts, classifier)]
    body = "\n".join(part for part in parts if part)
    write_atomic(path, page(title, body).encode("utf-8", "backslashreplace"))


def page(title: str, body: str) -> str:
    """A whole page that loads nothing."""
    style = "".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("tokens.css", "report.css"))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n{contents(body)}{body}\n"
        f"<footer>Made by Clearsight {escape(__version__)}. This page is one file and loads nothing.</footer>\n</main>\n</body>\n</html>\n"
    )


def contents(body: str) -> str:
    """Links to the cards of a page that has more than two."""
    titles = re.findall(r'<section class="card" id="([^"]*)"><h2>(.*?)</h2>', body)
    links = "\n".join(f'<a href="#{name}">{words}</a>' for name, words in titles)
    return f'<nav aria-label="Contents">{links}</nav>\n' if len(titles) > 2 else ""


def renew_contents(text: str) -> str:
    """The page `text` with links to the cards that it has now."""
    old = re.compile(r'<main>\n(<nav aria-label="Contents">.*?</nav>\n)?', re.DOTALL)
    return old.sub(lambda _: f"<main>\n{contents(text)}", text, count=1)


def card(title: str, lead: str, body: str) -> str:
    """One section of a page; `title`, `lead` and `body` are HTML."""
    name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return f'<section class="card" id="{name}"><h2>{title}</h2><p>{lead}</p>{body}</section>'


def _hero(title: str, evaluation: Evaluation, part: str) -> str:
    figures, why = evaluation.figures, escape(evaluation.no_interval)
    value = interval(figures["top1"])[0]
    kind = "" if part == "all" else f"{escape(part)} "
    whose = f"{kind}pictures correct</b>"
    if part == FOLDS:
        whose = "training pictures correct</b>, each judged by a head that had not learnt from it"
    where = {"all": "all pictures", FOLDS: "cross-validation"}.get(part, f"the {kind}part")
    common = max(row.n for row in evaluation.per_class) / len(evaluation)
    words = (
        f"<b>{value} of {len(evaluation):,} {whose}; {_limits(figures['top1'])}. "
        f"Always predicting the most frequent of the {len(evaluation.classes)} classes would get {percent(common)[0]}."
    )
    note = ""
    if why:
        note = (
            f'<p class="note">No figure here has an interval, since {why}: they are optimistic by an unknown amount. '
            "Unbiased ones come from the test part, read once at the end: <b>clearsight evaluate</b>.</p>"
        )
    return (
        f'<section class="card hero"><p class="kind">Report on {where}</p>'
        + f'<h1>{escape(title)}</h1><div class="answer"><strong>{value[:-2]}<small>%</small></strong><p>{words}</p></div>'
        + f'<dl class="tiles">{"".join(_tile(*tile) for tile in _tiles(evaluation))}</dl>{note}</section>'
    )


def _tiles(evaluation: Evaluation) -> list[tuple[str, str, str]]:
    figures = evaluation.figures
    top5, macro = interval(figures["top5"])[0], interval(figures["macro"])[0]
    among = _limits(figures["top5"], "")
    blind = f"{np.log(len(evaluation.classes)):.3f}"
    speed = (
        "speed",
        f"{figures['pictures_per_second']:,.0f}/s",
        f"{seconds(figures['seconds'])} for all pictures with reading them; {figures['speed']}, in {figures['precision']}",
    )
    return [
        (f"top-{figures['top5_k']} accuracy", top5, among),
        ("macro accuracy", macro, f"mean recall of the classes; {_limits(figures['macro'], '')}"),
        (
            "calibration error",
            percent(figures["ece"])[0],
            "ECE"
            + (
                f"; {percent(figures['ece_raw'])[0]} before temperature {evaluation.temperature:.2f}" if evaluation.temperature != 1 else ""
            ),
        ),
        ("log loss", f"{figures['nll']:.3f}", f"NLL in nats; uniform guessing: {blind}"),
        *([speed] if figures["pictures_per_second"] else []),  # cross-validation answers from features
    ]


def _limits(accuracy: Estimate, words: str = "with 95\N{NO-BREAK SPACE}% confidence between ") -> str:
    """The limits of an interval, or the reason for having no interval."""
    _, *limits = interval(accuracy)
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
    when = f"at L2 strength {row['l2']:.1e}" if "l2" in row else f"after epoch {row['epoch']:g}"
    words = f"<b>{value} of the validation pictures correct</b> {when}, {which}."
    return f'<div class="answer"><strong>{value[:-2]}<small>%</small></strong><p>{words}</p></div>'


def _figure(evaluation: Evaluation, row: int, show: Show) -> str:
    answer = evaluation.answer(row)
    truth, label, sure = escape(answer["truth"]), escape(answer["label"]), escape(_sure(answer["confidence"]))
    if evaluation.right[row]:
        words, css = f"<b>{truth}</b>", "right"
    else:
        words, css = f'<b>{truth}</b> <span class="no">→ {label}</span>', "wrong"
    return f'<figure class="{css}">{show(row)}<figcaption>{words}<span class="sure">{sure}</span></figcaption></figure>'


def _pictures(evaluation: Evaluation, rows: Sequence[int], show: Show) -> str:
    return f'<div class="pictures">{"".join(_figure(evaluation, row, show) for row in rows)}</div>'


def _samples(evaluation: Evaluation, show: Show, shown: set[int]) -> str:
    """Pictures drawn at random, not selected: the same ones for every classifier evaluated on this part."""
    order = permutation(0, 0, len(evaluation)).numpy()
    wrong = int((~evaluation.right).sum())
    body = ""
    for right, words in (
        (True, f'<span class="yes-mark">✓</span> correct: {len(evaluation) - wrong:,}'),
        (False, f'<span class="no-mark">✗</span> wrong: {wrong:,}'),
    ):
        rows = order[evaluation.right[order] == right][:SAMPLES].tolist()
        shown.update(rows)
        body += f"<h3>{words}</h3>{_pictures(evaluation, rows, show)}" if rows else ""
    return card("Random predictions", "Drawn at random. Below a wrong one: true class → prediction, with its confidence.", body)


def _mistakes(evaluation: Evaluation, show: Show, shown: set[int]) -> str:
    """The mistakes of the highest confidence, less those that are in the report already."""
    rows = [row for row in evaluation.mistakes(MISTAKES + len(shown)) if row not in shown][:MISTAKES]
    if not rows:
        return ""
    lead = "The highest confidences, without those shown above: wrong labels, ambiguous pictures, gaps in what was learnt."
    return card("Most confident mistakes", lead, _pictures(evaluation, rows, show))


def _matrix(evaluation: Evaluation) -> str:
    if not 1 < len(evaluation.classes) <= LARGEST_MATRIX:
        return ""
    from .figures import charts

    chart = charts.confusion(evaluation.confusion, evaluation.classes).svg()
    lead = (
        "A row for each true class: the number of pictures predicted as each other class, coloured by their share of the row; on the "
        "diagonal the recall."
    )
    return card("Confusion matrix", lead, f'<div class="scroll" tabindex="0">{chart}</div>')


def _pairs(evaluation: Evaluation, show: Show, shown: set[int]) -> str:
    found = evaluation.confused_pairs(PAIRS)
    figures = []
    for truth, guess, n in found:
        rows = np.flatnonzero((evaluation.labels == truth) & (evaluation.predictions == guess))
        ordered = rows[np.argsort(-evaluation.confidences[rows], kind="stable")].tolist()
        surest = next((row for row in ordered if row not in shown), ordered[0])
        shown.add(surest)
        share = percent(n / evaluation.per_class[truth].n)[0]
        names = f"<b>{escape(evaluation.classes[truth])}</b> predicted as <b>{escape(evaluation.classes[guess])}</b>"
        words = f'{names}<span class="sure">{n:,} of {evaluation.per_class[truth].n:,}: {share}</span>'
        figures.append(f'<figure class="wrong">{show(surest)}<figcaption>{words}</figcaption></figure>')
    lead = "The most frequent mistakes, each with a picture of high confidence that is not shown elsewhere."
    return card("Most confused pairs", lead, f'<div class="pairs">{"".join(figures)}</div>') if found else ""


def _classes(evaluation: Evaluation) -> str:
    from .figures import charts

    every = zip(evaluation.classes, evaluation.per_class, evaluation.recall_limits, strict=True)
    rows = [(label, scores, within) for label, scores, within in every if scores.n]
    rows.sort(key=lambda row: row[1].recall or 0.0)
    absent = [label for label, scores in zip(evaluation.classes, evaluation.per_class, strict=True) if not scores.n]
    limits = "" if evaluation.no_interval else ", with its 95 % interval"
    lead = f"Recall: the share of a class that is found{limits}. Precision: the share of its predictions that are correct."
    if len(rows) > LONGEST_LIST:
        lead += f" These are the {LOWEST} lowest of {len(rows)}."
        rows = rows[:LOWEST]
    if absent:
        listed = ", ".join(escape(label) for label in absent[:LOWEST]) + (" …" if len(absent) > LOWEST else "")
        lead += f" Without a picture here: {listed}."
    body, points = [], []
    for label, scores, within in rows:
        recall = scores.recall or 0.0
        points.append((label, recall, within, scores.n))
        numbers = "".join(f"<td>{'–' if x is None else percent(x)[0]}</td>" for x in (recall, scores.precision, scores.f1))
        body.append(f'<tr><th scope="row">{escape(label)}</th>{numbers}<td>{scores.n:,}</td></tr>')
    head = "<th>class</th><th>recall</th><th>precision</th><th>F1</th><th>pictures</th>"
    numbers = f'<div class="scroll" tabindex="0">{table(head, body)}</div>'
    return card("Per-class metrics", lead, f'<div class="two"><div>{charts.recall(points).svg()}</div><div>{numbers}</div></div>')


def table(head: str, rows: Sequence[str]) -> str:
    """A table of figures, from HTML cells and rows."""
    return f'<table class="classes"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def _calibration(evaluation: Evaluation) -> str:
    from .figures import charts

    right, sure = evaluation.figures["top1"]["value"], float(evaluation.confidences.mean())
    gap = sure - right
    tendency = "On average it is calibrated." if abs(gap) < 0.01 else "It is overconfident." if gap > 0 else "It is underconfident."
    lead = (
        "On the dashed line, of the predictions with a confidence of 80 % four in five are correct. The mean confidence is "
        f"{percent(sure)[0]}, the accuracy {percent(right)[0]}. {tendency}"
    )
    bins = evaluation.reliability
    chart = charts.reliability(bins, evaluation.reliability_limits).svg()
    columns = f'<div class="two"><div>{chart}</div><div>{_thresholds(evaluation)}</div></div>'
    return card("Calibration", lead, columns)


def _thresholds(evaluation: Evaluation) -> str:
    """Coverage and accuracy when predictions below a confidence are rejected."""
    rows = []
    for least in (0.0, 0.5, 0.8, 0.9, 0.95, 0.99):
        n, accuracy = evaluation.accepted(least)
        hits, share = "–" if accuracy is None else percent(accuracy)[0], percent(n / len(evaluation))[0]
        name = f"at least {least:.0%}".replace("%", " %") if least else "any"
        rows.append(f'<tr><th scope="row">{name}</th><td>{n:,}</td><td>{share}</td><td>{hits}</td></tr>')
    head = "<th>confidence</th><th>pictures</th><th>coverage</th><th>accuracy</th>"
    after = '<p class="after">Predictions of lower confidence are left to a person, or to a better classifier.</p>'
    return f"<h3>Selective prediction</h3>{table(head, rows)}{after}"


def _curves(history: Sequence[Row], kept: Kept | None) -> str:
    if not history:
        return ""
    from .figures import charts

    if "val_loss" not in history[0]:
        return ""
    epochs = [float(row["epoch"]) for row in history]
    axis = "strength of L2, in the order tried" if "l2" in history[0] else "epoch"
    best = float(kept.epoch) if kept and not kept.souped and kept.epoch in epochs else None

    def curves(train: str, val: str, **given: Any) -> str:
        pairs = (("training", train, "second"), ("validation", val, "accent"))
        series = [(name, [float(row[key]) for row in history], role) for name, key, role in pairs]
        chart = charts.lines(series, epochs, best=best, axis=axis, **given)
        return chart.svg() if chart else ""

    loss, accuracy = curves("loss", "val_loss", y="loss"), curves("accuracy", "val_accuracy", y="accuracy", share=True)
    averages = (
        "Training figures are averages over the epoch, on augmented pictures and with dropout where the recipe has them, so they can be "
        "worse than validation's."
    )
    lead = _which(kept, best, axis) + ("Each point is a head solved to its optimum." if "l2" in history[0] else averages)
    return card("Training curves", lead, f'<div class="two"><div><h3>loss</h3>{loss}</div><div><h3>accuracy</h3>{accuracy}</div></div>')


def _which(kept: Kept | None, marked: float | None, axis: str) -> str:
    """The sentence on which weights are kept, where that is known."""
    if marked:
        return f"The dotted line marks the kept {axis.split()[0]}, {marked:g}. "
    if kept and kept.souped:
        return f"Kept is the model soup: the mean of the weights of the last {kept.souped} epochs. "
    return "Kept is the solved head, from before the first epoch. " if kept and not kept.epoch else ""


def _facts(facts: Mapping[str, str], classifier: Classifier | None) -> str:
    told = {name: str(value) for name, value in facts.items() if name != "command"}
    if classifier is not None:
        size = classifier.preprocessing
        told.setdefault("input", f"{size.channels} × {size.height} × {size.width}")
        told.setdefault("temperature", f"{classifier.temperature:.3f}")
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in told.items())
    again = f"<h3>Command to reproduce</h3><pre>{escape(facts['command'])}</pre>" if facts.get("command") else ""
    lead = "What the numbers above depend on."
    return card("Provenance", lead, f'<dl class="facts">{rows}</dl>{again}') if told or again else ""
