"""The grader: points and comments for answers, with the slip that a wrong one shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..base.errors import ClearsightError
from .answers import KINDS, short_of
from .exercise import Exercise, Part

NO_ANSWER, WRONG, RIGHT = "No answer.", "Not right.", "Right."


@dataclass(frozen=True)
class Mark:
    """The `points` of an answer, of `most`, and the reason; `slip` says whether a named wrong answer was recognised."""

    part: str
    given: str
    points: int
    most: int
    comment: str
    slip: bool = False

    @property
    def right(self) -> bool:
        """Whether it has all points."""
        return self.points == self.most

    def to_json(self) -> dict[str, Any]:
        """As `exercises --check --json` has it."""
        words = ("part", "given", "points", "most", "comment", "slip")
        return {word: getattr(self, word) for word in words}


@dataclass(frozen=True)
class Graded:
    """An exercise with a mark for each part."""

    exercise: Exercise
    marks: tuple[Mark, ...]

    @property
    def points(self) -> int:
        """The points that were reached."""
        return sum(mark.points for mark in self.marks)

    def to_json(self) -> dict[str, Any]:
        """As `exercises --check --json` has it."""
        one = self.exercise
        return {"name": one.name, "points": self.points, "most": one.points, "parts": [mark.to_json() for mark in self.marks]}


def grade_part(part: Part, given: str) -> Mark:
    """The mark of one answer; one that cannot be read gets no points, and the comment says how to write it."""
    if not given.strip():
        return Mark(part.name, given, 0, part.points, NO_ANSWER)
    kind = KINDS[part.kind]
    try:
        if part.judge:
            right, comment = part.judge(given)
        else:
            right = kind.same(given, part.answer, part.tolerance, part.options)
            comment = RIGHT if right else WRONG
        if right:
            return Mark(part.name, given, part.points, part.points, comment)
        for slip in part.slips:
            if kind.same(given, slip.answer, part.tolerance, part.options):
                return Mark(part.name, given, 0, part.points, slip.comment, slip=True)
        if not part.judge:
            comment = f"{WRONG} {short_of(part.kind, given, part.answer, part.tolerance)}".strip()
    except ClearsightError as error:
        return Mark(part.name, given, 0, part.points, str(error))
    return Mark(part.name, given, 0, part.points, comment)


def grade(exercise: Exercise, answers: Mapping[str, str]) -> Graded:
    """The marks of all parts, from answers by the name of their part."""
    return Graded(exercise, tuple(grade_part(part, answers.get(part.name, "")) for part in exercise.parts))
