"""The card on how far answers can be trusted: risk against coverage, conformal sets, and pictures refused as none of the classes."""

from html import escape

from ..evaluation.evaluate import Evaluation
from ..evaluation.rows import SetFigures
from ..metrics.selective import risk_coverage
from .report import card, table
from .words import interval, percent


def limits(evaluation: Evaluation) -> str:
    """The card of an evaluation."""
    from .figures.risk_coverage import risk_coverage as curve

    lead = (
        "Left: the error among the answers that are most confident, for every share of the pictures that is answered. The dashed line "
        f"would leave every mistake to the end. The area under the curve (AURC) is {evaluation.figures['risk_coverage']['aurc']:.4f}: the "
        "mean error over all shares."
    )
    chart = curve(risk_coverage(evaluation.confidences, evaluation.right)).svg()
    said = _sets(evaluation.figures["sets"]) + _refused(evaluation)
    return card("Risk and coverage", lead, f'<div class="two"><div>{chart}</div><div>{said}</div></div>')


def _sets(rows: list[SetFigures]) -> str:
    """Whether sets contained the truth as often as they should, and how large they are."""
    if not rows:
        return '<p class="after">Conformal sets are verified on the test part, by <b>clearsight evaluate</b>.</p>'
    body = []
    for row in rows:
        value, *within = interval(row["realised"])
        small = f"<br><small>{' to '.join(within)}</small>" if within else ""
        name = f"{100 * row['coverage']:g}\N{NO-BREAK SPACE}%" + (", by class" if row["by_class"] else "")
        cells = (value + small, f"{row['mean_size']:.2f}", percent(row["single"])[0], percent(row["empty"])[0])
        body.append(f'<tr><th scope="row">{name}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>')
    head = "<th>asked for</th><th>contained the truth</th><th>classes a set</th><th>one class</th><th>empty</th>"
    first = rows[0]
    after = (
        f"By {first['calibration_n']:,} answers of {escape(first['calibrated_on'])}; another coverage: "
        "<b>clearsight classify --coverage</b>. An empty set: no class is as likely as the true one usually is."
    )
    return f'<h3>Conformal sets</h3><div class="scroll" tabindex="0">{table(head, body)}</div><p class="after">{after}</p>'


def _refused(evaluation: Evaluation) -> str:
    found = evaluation.figures["none_of_these"]
    if found is None:
        return ""
    value, *within = interval(found["refused"])
    between = f" ({' to '.join(within)})" if within else ""
    return (
        f'<h3>None of these</h3><p class="after">{value}{between} of these pictures, all of known classes, are more novel than '
        f"{found['limit']:.3f} and would be refused; {100 * found['false_alarms']:g}\N{NO-BREAK SPACE}% are allowed. Novelty says how "
        "unlike the training pictures their features are.</p>"
    )
