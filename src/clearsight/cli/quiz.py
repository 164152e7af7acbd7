"""The exercises of a sheet, asked on a terminal one after the other."""

from collections.abc import Iterator
from textwrap import fill

import click

from ..base.errors import plain
from ..exercises.exercise import Exercise, Part, minus
from ..exercises.grading import grade_part
from ..exercises.sheet import Sheet
from ..reports.exercises.grids import lines
from ..reports.exercises.markdown import WIDTH, example, points

TRIES = 3


class Ended(Exception):
    """The student wants no more questions."""


def ask(sheet: Sheet) -> None:
    """Ask every part, with hints on `?` and up to three tries; Enter goes on, q ends."""
    reached = asked = 0
    click.echo(f"{len(sheet.exercises)} exercises, {points(sheet.points)}. ? gives a hint, Enter goes on, q ends.\n")
    try:
        for i, one in enumerate(sheet.exercises):
            click.echo(_question(i + 1, one))
            asked += one.points
            hints = iter(one.hints)
            reached += sum(_part(part, hints) for part in one.parts)
            click.echo("\n" + "\n".join(_filled(text) for text in ("Solution:", *one.solution)) + "\n")
    except (Ended, EOFError, click.Abort):
        click.echo("")
    click.echo(f"{reached} of {points(asked)} (seed {sheet.seed}).")


def _question(number: int, one: Exercise) -> str:
    grids = [f"{grid.name}\n" + "\n".join(f"    {line}" for line in lines(grid)) for grid in one.grids]
    title = f"{number}. {one.title} ({points(one.points)})"
    return "\n\n".join([click.style(title, bold=True), *map(_filled, one.question), *grids]) + "\n"


def _filled(text: str) -> str:
    return fill(text.replace("`", ""), WIDTH)


def _part(part: Part, hints: Iterator[str]) -> int:
    """Ask for one answer; returns its points."""
    options = "".join(f"\n  {chr(65 + i)}: {option}" for i, option in enumerate(part.options))
    click.echo(f"{_filled(f'{part.prompt} ({points(part.points)}; {example(part)})')}{options}")
    tries = 0
    while tries < TRIES:
        given = click.prompt(">", default="", show_default=False, prompt_suffix=" ").strip()
        if given.lower() in ("q", "quit"):
            raise Ended
        if not given:
            break
        if given == "?":
            click.echo(_filled(f"Hint: {next(hints, 'there are no more hints.')}"))
            continue
        tries += 1
        mark = grade_part(part, given)
        click.echo(_filled(plain(mark.comment)))
        if mark.right:
            return mark.points
    if not part.by_hand:
        click.echo(_filled(f"The answer is {minus(part.answer)}."))
    return 0
