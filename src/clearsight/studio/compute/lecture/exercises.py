"""The exercises of the screen Lecture: asked without answers, graded here."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ....base.errors import ClearsightError, unknown
from ....exercises import own_network
from ....exercises.answers import KINDS
from ....exercises.exercise import Exercise, Grid, Part, minus
from ....exercises.grading import grade_part
from ....exercises.table import GENERATORS, generate
from ....look.unit import recompute_unit
from ....models.summary import summarise
from ....reports.exercises.grids import colours, is_number
from ....reports.exercises.grids import shown as cell
from ..session import Session
from .given import given

LONGEST = 4000  # letters of an answer: a filter of 49 numbers has 200


def listed(session: Session) -> list[dict[str, Any]]:
    """Every exercise: name, topic and title; those on the reader's own network are the last."""
    rows = [{"name": name, "topic": row.topic, "title": row.title} for name, row in GENERATORS.items()]
    return rows + [{"name": name, "topic": own_network.TOPIC, "title": row.title} for name, row in own_network.OWN.items()]


def _generated(session: Session, name: str, seed: int, words: str, file: str) -> Exercise:
    """An exercise; one on a network is of the reader's network and picture, where there are any; raises ClearsightError."""
    if name not in own_network.OWN:
        return generate(name, seed)
    of = given(session, words, file)
    model, x = of.subject.model, of.subject.inputs(of.picture)
    network = own_network.Network(
        of.subject.name, summarise(model, of.subject.input_size), lambda layer, channel, at: recompute_unit(model, x, layer, channel, at)
    )
    return own_network.generate(name, seed, network)


def asked(session: Session, name: str, seed: int, words: str = "", file: str = "") -> dict[str, Any]:
    """An exercise as a student gets it: no answer, no solution, no wrong answer is in it; raises UsageError."""
    one = _generated(session, name, seed, words, file)
    told = one.to_json(key=False)
    parts = [{**row, "example": KINDS[part.kind].example} for row, part in zip(told["parts"], one.parts, strict=True)]
    return {**told, "parts": parts, "hints": list(one.hints), "grids": [_grid(grid) for grid in one.grids]}


def _grid(grid: Grid) -> dict[str, Any]:
    """A grid with the colours it has on the sheet."""
    rows = [[cell(value) for value in row] for row in grid.rows]
    right = [[is_number(text) for text in row] for row in rows]
    return {"name": grid.name, "look": grid.look, "rows": rows, "colours": colours(grid), "numbers": right}


def graded(
    session: Session, name: str, seed: int, part: str, answer: str, solution: bool = False, run: str = "", words: str = "", file: str = ""
) -> dict[str, Any]:
    """The mark of an answer, and its reason; with the worked solution where it is right, or where it is asked for after a try.

    Where a run folder is asked for it is `run`, and never what was typed. Raises UsageError, and ClearsightError for no answer: without
    a try there is no solution.
    """
    one = _generated(session, name, seed, words, file)
    asked_for = _part(one, part)
    answer = run if asked_for.kind == "run" else answer
    if not answer.strip():
        first = {"run": "choose a run", "choice": "choose an answer"}.get(asked_for.kind, "write an answer")
        raise ClearsightError(f"{first} first.")
    mark = grade_part(asked_for, answer[:LONGEST])
    told = {"right": mark.right, "because": mark.comment, "named": mark.slip, "points": mark.points, "most": mark.most}
    if solution and not mark.right:
        told["answer"] = minus(asked_for.answer)
    if asked_for.kind == "run":
        told["because"] = mark.comment.replace(run, Path(run).name)  # no path leaves this machine's side
    return told | ({"steps": list(one.solution)} if mark.right or solution else {})


def _part(one: Exercise, name: str) -> Part:
    for part in one.parts:
        if name in ("", part.name):
            return part
    raise unknown(f"part of the exercise {one.name}", name, [part.name for part in one.parts])


FUNCTIONS: dict[str, Callable[..., Any]] = {"exercises": listed, "exercise": asked, "grade": graded}
