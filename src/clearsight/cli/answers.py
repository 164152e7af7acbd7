"""What `clearsight classify` prints of its answers, each as soon as it is there."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from .columns import GAP, LAST, edge, fitted

if TYPE_CHECKING:
    from ..classifier import Failure, Prediction

CONFIDENCE, NOVELTY = "confidence", "novelty"


def print_lines(
    answers: "Iterable[Prediction | Failure]", names: Sequence[str], classes: Sequence[str], novelty: bool = False, sets: bool = False
) -> None:
    """A line for every answer as soon as it is there; on a terminal names are cut at their beginning, as far as lines are too long.

    `novelty` and `sets` are shown where they were asked for; a set takes the place of the next classes.
    """
    from rich.cells import cell_len

    from ..base.errors import plain
    from ..classifier import Failure
    from ..classifier.uncertainty.reference import UNKNOWN

    room = edge()
    label = min(max(map(cell_len, ("label", *map(plain, classes), *([UNKNOWN] if novelty else [])))), room // 3 if room else 10**6)
    first = max(map(cell_len, ("picture", *names)), default=0)
    if room:
        first = min(first, max(room - label - len(CONFIDENCE) - (len(NOVELTY) + GAP) * novelty - 3 * GAP - LAST, LAST))
    header = f"{'picture':{first}}  {'label':{label}}  {CONFIDENCE}  {NOVELTY + GAP * ' ' if novelty else ''}{'set' if sets else 'then'}"
    click.secho(header, bold=True)
    for answer in answers:
        if isinstance(answer, Failure):
            click.echo(plain(f"clearsight: cannot read {answer.source}: {answer.error}"), err=True)
            continue
        name = plain(answer.source)
        name = fitted(name, first, left=True) if room or cell_len(name) <= first else name
        sure = ("" if answer.known is False else f"{answer.confidence:.1%}").rjust(len(CONFIDENCE))
        far = f"{answer.novelty:{len(NOVELTY)}.3f}  " if novelty else ""
        line = f"{name}  {fitted(plain(answer.label), label)}  {sure}  {far}{_others(answer)}".rstrip()
        click.echo(fitted(line, room).rstrip() if room and cell_len(line) > room else line)


def _others(answer: "Prediction") -> str:
    """The set, or the classes after the first; in brackets, the first three of a picture that was refused."""
    from ..base.errors import plain

    if answer.labels is not None:
        return ", ".join(map(plain, answer.labels)) or "(empty)"
    unknown = answer.known is False
    said = ", ".join(f"{plain(choice.label)} {choice.confidence:.1%}" for choice in (answer.top[:3] if unknown else answer.top[1:4]))
    return f"({said})" if unknown else said


def print_csv(answers: "Iterable[Prediction | Failure]", top: int) -> None:
    """A row for every answer: source, label, confidence, novelty, set (with ; between), error, and the label and confidence of the others.

    Cells that a spreadsheet would take for a formula are marked as text.
    """
    from ..classifier import Failure

    others = [f"{name} {place}" for place in range(2, top + 1) for name in ("label", "confidence")]
    _print_row(["source", "label", CONFIDENCE, NOVELTY, "set", "error", *others])
    for answer in answers:
        if isinstance(answer, Failure):
            _print_row([answer.source, "", "", "", "", answer.error, *[""] * len(others)])
            continue
        after = [value for choice in answer.top[1:] for value in (choice.label, choice.confidence)]
        known = ["" if answer.novelty is None else answer.novelty, ";".join(answer.labels or ())]
        _print_row([answer.source, answer.label, answer.confidence, *known, "", *after, *[""] * (len(others) - len(after))])


def _print_row(values: Sequence[Any]) -> None:
    from ..base.text.cells import cells

    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells(values))
    click.echo(line.getvalue())
