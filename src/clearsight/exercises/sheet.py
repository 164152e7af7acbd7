"""A sheet of exercises, its file of answers, and the check of a filled-in one."""

import csv
import io
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..base.errors import ClearsightError, UsageError, plain, unknown
from ..base.result import Result
from ..base.text.cells import cell
from .answers import KINDS
from .exercise import Exercise
from .grading import Graded, grade
from .table import chosen, generate

HEAD = """\
# Answers to a sheet of exercises. Write them between the quotes; numbers as 34, -0.5, 1/2 or 50 %.
# Points and comments: clearsight exercises --check FILE
seed = {seed}
student = {student}
exercises = [{names}]
"""


@dataclass(frozen=True)
class Sheet:
    """Exercises of one seed, which is that of the class; with the name of a `student` each has data of their own."""

    seed: int
    student: str
    exercises: tuple[Exercise, ...]

    @property
    def points(self) -> int:
        """The points of all exercises."""
        return sum(one.points for one in self.exercises)

    def to_json(self, key: bool = True) -> dict[str, Any]:
        """The sheet as JSON; without `key` only what a student gets."""
        return {
            "seed": self.seed,
            "student": self.student,
            "points": self.points,
            "exercises": [one.to_json(key) for one in self.exercises],
        }


def personal(seed: int, student: str) -> int:
    """The seed of a student: that of the class without a name; capitals and spaces of the name do not matter."""
    name = " ".join(student.casefold().split())
    return int.from_bytes(sha256(f"{seed}/{name}".encode()).digest()[:4]) if name else seed


def sheet(seed: int, student: str = "", topics: Sequence[str] = (), only: Sequence[str] = (), n: int = 0) -> Sheet:
    """The chosen exercises; all students of one seed get the same ones, with data of their own."""
    student = plain(" ".join(student.split()))  # on one line, and allowed in XML and TOML
    own = personal(seed, student)
    return Sheet(seed, student, tuple(generate(name, own) for name in chosen(seed, topics, only, n)))


def template(made: Sheet) -> str:
    """The TOML file of the answers to `made`, all empty."""
    quoted = [json.dumps(one.name) for one in made.exercises]
    lines = [HEAD.format(seed=made.seed, student=json.dumps(made.student, ensure_ascii=False), names=", ".join(quoted))]
    for i, one in enumerate(made.exercises):
        lines.append(f"[{one.name}]  # {i + 1}. {one.title}, {one.points} point{'s' * (one.points > 1)}")
        for part in one.parts:
            options = "; ".join(f"{chr(65 + k)}: {option}" for k, option in enumerate(part.options))
            how = f"{KINDS[part.kind].example} ({options})" if options else KINDS[part.kind].example
            empty = '"""\n"""' if part.kind == "rows" else '""'
            lines.append(f"# {part.prompt}: {how}\n{part.name} = {empty}")
        lines.append("")
    return "\n".join(lines)


@dataclass(frozen=True)
class Checked(Result):
    """The graded answers of one file."""

    file: str
    sheet: Sheet
    graded: tuple[Graded, ...]

    @property
    def points(self) -> int:
        """The points that were reached."""
        return sum(one.points for one in self.graded)

    def headline(self) -> str:
        """Points of points."""
        name = self.sheet.student or Path(self.file).stem
        return f"{name}: {self.points} of {self.sheet.points} points"

    def rows(self) -> Sequence[Mapping[str, object]]:
        """One line for each answer."""
        return [
            {"exercise": one.exercise.name, "part": mark.part, "points": mark.points, "of": mark.most, "comment": mark.comment}
            for one in self.graded
            for mark in one.marks
        ]

    def to_json(self) -> dict[str, Any]:
        """As `exercises --check --json` has it."""
        return {
            "file": self.file,
            "seed": self.sheet.seed,
            "student": self.sheet.student,
            "points": self.points,
            "most": self.sheet.points,
            "exercises": [one.to_json() for one in self.graded],
        }


def check(path: str | Path, seed: int | None = None) -> Checked:
    """Grade a file of answers; `seed` is that of the class, if the file must have it.

    Raises UsageError for a file that is no TOML, has another seed or unknown names.
    """
    answers = _read(Path(path))
    own, names = answers.pop("seed", seed), answers.pop("exercises", None)
    student = str(answers.pop("student", ""))
    if not isinstance(own, int) or isinstance(own, bool) or own < 0:
        raise UsageError(f"{path} has no line such as `seed = 7`: make one with clearsight exercises --template FILE.")
    if seed is not None and own != seed:
        raise UsageError(f"{path} has the seed {own}, not {seed}: these are the answers to another sheet.")
    if names is not None and not (isinstance(names, list) and names):
        raise UsageError(f'{path}: exercises is a list of names, as in exercises = ["cell", "macs"]. Got {str(names)!r:.200}.')
    only = list(answers) if names is None else [str(name) for name in names]
    made = sheet(own, student, only=only)
    known = {one.name: {part.name for part in one.parts} for one in made.exercises}
    for name, given in answers.items():
        if name not in known:
            raise unknown("exercise of this sheet", name, known)
        if not isinstance(given, dict):
            raise UsageError(
                f"{path}: the answers to {name} are lines under [{name}], as in {next(iter(known[name]))} = ... Got {str(given)!r:.60}."
            )
        for part in given:
            if part not in known[name]:
                raise unknown(f"part of the exercise {name}", part, known[name])
    given = {name: {part: text(value) for part, value in answers.get(name, {}).items()} for name in known}
    return Checked(str(path), made, tuple(grade(one, given[one.name]) for one in made.exercises))


def text(value: Any) -> str:
    """A TOML value as a student would write it: lists of lists as rows."""
    if isinstance(value, list):
        nested = any(isinstance(one, list) for one in value)
        return "; ".join(text(one) for one in value) if nested else ", ".join(map(str, value))
    return str(value)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ClearsightError(f"cannot read {path}: {error.strerror or error}.") from error
    except RecursionError as error:
        raise UsageError(f"{path} is not readable as TOML: its brackets are nested too deeply.") from error
    except ValueError as error:
        raise UsageError(f'{path} is not readable as TOML: {error}. Answers are between quotes: value = "34".') from error


def answer_files(paths: Sequence[Path]) -> list[Path]:
    """The files of answers named by `paths`: a folder stands for the .toml files in it, by name; raises UsageError for an empty one."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.glob("*.toml")) if path.is_dir() else [path]
        if not inside:
            raise UsageError(f"there is no .toml file in {path}.")
        found += inside
    return found


def points_csv(every: Sequence[Checked]) -> str:
    """One line for each file and answer: `student,file,exercise,part,points,of,comment`."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("student", "file", "exercise", "part", "points", "of", "comment"))
    for one in every:
        writer.writerows((cell(one.sheet.student), cell(one.file), *map(cell, row.values())) for row in one.rows())
    return stream.getvalue()
