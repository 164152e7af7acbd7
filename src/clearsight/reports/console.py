"""An evaluation as tables for a terminal."""

from rich.markup import escape
from rich.table import Table

from ..base.errors import plain
from ..evaluation.evaluate import Evaluation
from ..metrics.intervals import Estimate

MOST_CLASSES = 20


def tables(evaluation: Evaluation) -> tuple[Table, ...]:
    """The figures, the classes (the worst first where there are many) and the commonest mistakes."""
    found = (_summary(evaluation), _classes(evaluation), _pairs(evaluation))
    return tuple(table for table in found if table.row_count)


def _summary(evaluation: Evaluation) -> Table:
    figures = evaluation.figures
    table = Table("figure", "value", "95 % interval")
    k = figures["top5_k"]
    accuracies = (("top-1 accuracy", figures["top1"]), (f"top-{k} accuracy", figures["top5"]), ("macro accuracy", figures["macro"]))
    for name, row in accuracies:
        table.add_row(name, f"{row['value']:.2%}", _between(row))
    fitted = evaluation.temperature != 1  # of a cross-validated head none is fitted
    table.add_row("NLL (nats)", f"{figures['nll']:.4f}", f"without temperature {figures['nll_raw']:.4f}" if fitted else "")
    table.add_row("calibration error (ECE)", f"{figures['ece']:.2%}", f"without temperature {figures['ece_raw']:.2%}" if fitted else "")
    for cells in _limits(evaluation):
        table.add_row(*cells)
    table.add_row("pictures/s", f"{figures['pictures_per_second']:,.0f}", "")
    return table


def _limits(evaluation: Evaluation) -> list[tuple[str, str, str]]:
    """Risk against coverage, the coverage of conformal sets, and what is refused as none of the classes."""
    figures = evaluation.figures
    half = risk_at(evaluation, 0.5)
    rows = [("risk over coverage (AURC)", f"{figures['risk_coverage']['aurc']:.4f}", f"error of the most confident half {half:.2%}")]
    for row in figures["sets"]:
        name = f"{100 * row['coverage']:g}% sets{', by class' if row['by_class'] else ''}"
        size = f"; {row['mean_size']:.2f} classes a set, {row['empty']:.1%} empty"
        rows.append((f"truth in {name}", f"{row['realised']['value']:.2%}", _between(row["realised"]) + size))
    if found := figures["none_of_these"]:
        asked = f"; {100 * found['false_alarms']:g}% allowed"
        rows.append(("refused as none of these", f"{found['refused']['value']:.2%}", _between(found["refused"]) + asked))
    return rows


def risk_at(evaluation: Evaluation, coverage: float) -> float:
    """The error of the most confident share of answers, at least `coverage` of all."""
    points = evaluation.figures["risk_coverage"]["points"]
    return next(row["risk"] for row in points if row["coverage"] >= coverage)


def _between(row: Estimate) -> str:
    return str(row["reason"]) if row["low"] is None else f"{row['low']:.2%} to {row['high']:.2%}"


def _classes(evaluation: Evaluation) -> Table:
    rows = list(zip(evaluation.classes, evaluation.per_class, strict=True))
    title = ""
    if len(rows) > MOST_CLASSES:
        rows.sort(key=lambda row: 2.0 if row[1].f1 is None else row[1].f1)
        title = f"the {MOST_CLASSES} of {len(rows)} classes with the lowest F1"
    table = Table("class", "n", "precision", "recall", "F1", title=title or None)
    for column in table.columns[1:]:
        column.justify = "right"
    for label, scores in rows[:MOST_CLASSES]:
        table.add_row(escape(plain(label)), f"{scores.n:,}", *(_percent(x) for x in (scores.precision, scores.recall, scores.f1)))
    return table


def _pairs(evaluation: Evaluation) -> Table:
    table = Table("truth", "predicted", "pictures", "of the class")
    for truth, guess, n in evaluation.confused_pairs(5):
        share = n / evaluation.per_class[truth].n
        table.add_row(escape(plain(evaluation.classes[truth])), escape(plain(evaluation.classes[guess])), f"{n:,}", f"{share:.1%}")
    return table


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
