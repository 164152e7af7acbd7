"""What an exercise consists of: question, grids of numbers, parts to answer, hints, worked solution, named wrong answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from .answers import KINDS

Cell = int | float | str


class Verdict(NamedTuple):
    """Whether an answer is right, and what to tell the student."""

    right: bool
    comment: str


@dataclass(frozen=True)
class Slip:
    """A wrong answer, and the comment for the student who gives it."""

    answer: str
    comment: str


@dataclass(frozen=True)
class Grid:
    """Numbers or words in rows, to be drawn.

    `look` is `picture` (grey levels from 0), `signed` (zero is white) or `table` (the first row is a header, no colours).
    """

    name: str
    rows: tuple[tuple[Cell, ...], ...]
    look: str = "table"


@dataclass(frozen=True)
class Part:
    """One answer that is asked for.

    `kind` names a reader of `answers.KINDS`; `tolerance` is absolute, for numbers. `judge` replaces the comparison where several
    answers are right. Parts `by_hand` need files or programs, and cannot be
    graded by other learning platforms.
    """

    name: str
    prompt: str
    kind: str
    answer: str
    points: int = 1
    tolerance: float = 0.0
    slips: tuple[Slip, ...] = ()
    options: tuple[str, ...] = ()
    judge: Callable[[str], Verdict] | None = None
    by_hand: bool = False

    def to_json(self) -> dict[str, Any]:
        """The part with its answer."""
        slips = [{"answer": slip.answer, "comment": slip.comment} for slip in self.slips]
        words = ("name", "prompt", "kind", "answer", "points", "tolerance")
        return {**{word: getattr(self, word) for word in words}, "options": list(self.options), "slips": slips}


@dataclass(frozen=True)
class Exercise:
    """An exercise of one seed; `data` are its numbers, from which the answers can be computed again."""

    question: tuple[str, ...]
    parts: tuple[Part, ...]
    hints: tuple[str, str]
    solution: tuple[str, ...]
    grids: tuple[Grid, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    topic: str = ""
    title: str = ""
    seed: int = 0

    @property
    def points(self) -> int:
        """The points of all parts."""
        return sum(part.points for part in self.parts)

    def called(self, name: str, topic: str, title: str, seed: int) -> "Exercise":
        """The same exercise with its name, topic, title and seed."""
        return replace(self, name=name, topic=topic, title=title, seed=seed)

    def to_json(self, key: bool = True) -> dict[str, Any]:
        """The exercise as JSON; without `key` only what a student gets."""
        words = ("name", "topic", "title", "seed", "points")
        parts = [part.to_json() for part in self.parts]
        if not key:
            parts = [{word: part[word] for word in ("name", "prompt", "kind", "points", "options")} for part in parts]
        grids = [{"name": grid.name, "rows": [list(row) for row in grid.rows]} for grid in self.grids]
        asked = {**{word: getattr(self, word) for word in words}, "question": list(self.question), "grids": grids, "parts": parts}
        return asked | ({"hints": list(self.hints), "solution": list(self.solution)} if key else {})


def part(
    name: str, prompt: str, kind: str, answer: str, slips: Sequence[tuple[str, str]] = (), **more: Any
) -> Part:  # fmt: skip
    """A part with those of the slips (answer, comment) that differ from the right answer, and from one another.

    A slip nearer to the answer than twice the tolerance is dropped: the grader must never be unfair.
    """
    made = Part(name, prompt, kind, answer, **more)
    wide = 2 * made.tolerance + 1e-9
    kept: list[Slip] = []
    for given, comment in slips:
        same = [slip.answer for slip in kept]
        right = made.judge(given).right if made.judge else KINDS[kind].same(given, answer, wide, made.options)
        if not right and not any(KINDS[kind].same(given, other, wide, made.options) for other in same):
            kept.append(Slip(given, comment))
    return replace(made, slips=tuple(kept))


def written(value: float, digits: int = 6) -> str:
    """A number as one writes it: without trailing zeros, whole numbers without a point."""
    text = f"{value + 0.0:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def rows(matrix: Any) -> str:
    """A matrix in one line: `6 8; 3 4`."""
    return "; ".join(" ".join(written(float(value)) for value in row) for row in matrix)


def cells(matrix: Any) -> tuple[tuple[Cell, ...], ...]:
    """A tensor or array as rows of numbers, whole ones as `int`."""
    return tuple(tuple(int(value) if float(value).is_integer() else round(float(value), 6) for value in row) for row in matrix)


def product(weight: float, value: float) -> str:
    """One term of a sum, negative factors in brackets: `2·(−3)`."""
    shown = [minus(written(number)) if number >= 0 else f"({minus(written(number))})" for number in (weight, value)]
    return "·".join(shown)


def minus(text: str) -> str:
    """With a minus sign instead of a hyphen."""
    return text.replace("-", "−")
