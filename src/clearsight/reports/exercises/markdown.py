"""A sheet as Markdown, which is also what a terminal shows."""

from textwrap import fill

from ...exercises.answers import KINDS
from ...exercises.exercise import Exercise, Part, minus
from ...exercises.sheet import Sheet
from .grids import lines

WIDTH = 80


def markdown(sheet: Sheet, key: bool = False) -> str:
    """The whole sheet; with `key` every exercise has its answers, worked solution, hints and named wrong answers."""
    whose = f" for {sheet.student}" if sheet.student else ""
    head = f"# Exercises{whose}\n\nSeed {sheet.seed}, {sheet.points} points.{' Teacher’s key.' if key else ''}\n"
    parts = []
    for i, one in enumerate(sheet.exercises):
        text = f"## {i + 1}. {one.title} ({points(one.points)})\n\n{asked(one)}"
        parts.append(text + (f"\n{answered(one)}" if key else ""))
    return "\n".join([head, *parts])


def points(n: int) -> str:
    """`1 point`, `3 points`."""
    return f"{n} point{'' if n == 1 else 's'}"


def asked(one: Exercise) -> str:
    """Question, grids and the parts to answer."""
    paragraphs = [fill(text, WIDTH) for text in one.question]
    grids = [f"{grid.name}:\n\n```text\n" + "\n".join(lines(grid)) + "\n```" for grid in one.grids]
    return "\n\n".join([*paragraphs, *grids, "\n".join(_asked(part) for part in one.parts)]) + "\n"


def _asked(part: Part) -> str:
    options = "".join(f"\n  - {chr(65 + i)}: {option}" for i, option in enumerate(part.options))
    return f"- **{part.prompt}** ({points(part.points)}): {options or '________'}"


def answered(one: Exercise) -> str:
    """Answers, solution, hints, and the wrong answers that are recognised."""
    rows = ["Answers:\n", *(f"- {part.prompt}: **{minus(part.answer)}**{_tolerance(part)}" for part in one.parts), "\nSolution:\n"]
    rows += [f"- {text}" for text in one.solution]
    rows += ["\nHints:\n", *(f"{i + 1}. {hint}" for i, hint in enumerate(one.hints))]
    slips = [f"- {part.prompt}, {minus(slip.answer)}: {slip.comment}" for part in one.parts for slip in part.slips]
    return "\n".join([*rows, *(["\nWrong answers that are recognised:\n", *slips] if slips else [])]) + "\n"


def _tolerance(part: Part) -> str:
    return f" (± {part.tolerance:g})" if part.tolerance else ""


def example(part: Part) -> str:
    """How the answer is written."""
    return KINDS[part.kind].example
