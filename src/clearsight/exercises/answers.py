"""Reading what a student writes: numbers in every common spelling, sizes, rows of numbers, choices, formulas."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..base.errors import ClearsightError, UsageError, plain
from ..models.formula import Layer, parse

SIGNS = {"−": "-", "–": "-", "‐": "-", "﹣": "-", "＝": "=", "’": "'", "\u00a0": " ", "\u202f": " ", "\u2009": " "}
PLAIN = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?"
NUMBER = re.compile(rf"({PLAIN})(?:/({PLAIN}))?(%?)")
GROUPS = re.compile(r"[-+]?\d{1,3}(?:([ ',_])\d{3})(?:\1\d{3})*(?![\d])")
UNITS = re.compile(r"\s*(?:pixels?|px|weights?|parameters?|params?|macs?|multiply-adds?|multiplications?|points?)\s*\.?$", re.IGNORECASE)
TOLERANCE = 1e-9
CLOSE = 0.02  # of the right number
LARGEST = 1e15  # number of an answer: sums of a few stay finite, so that none is right by being no number


class Unreadable(ClearsightError):
    """An answer that is not of the kind that is asked for; the message says how to write it."""


@dataclass(frozen=True)
class Kind:
    """How answers of one kind are compared, and how they are written: `same(given, answer, tolerance, options)`, `example`."""

    same: Callable[[str, str, float, Sequence[str]], bool]
    example: str


def readings(text: str) -> set[float]:
    """The numbers that `text` may mean: `0.5`, `1/2`, `50 %`, `1,234` (1234 and 1.234), `1'234`, `z = −3`; raises Unreadable for none."""
    line = re.sub(r"^([-+]) +", r"\1", UNITS.sub("", re.split("[=≈~]", _tidy(text))[-1].strip()))
    found: set[float] = set()
    for spelled in _spellings(line):
        match = NUMBER.fullmatch(spelled.replace(" ", ""))
        if match and not (match[2] and float(match[2]) == 0):
            found.add(float(match[1]) / float(match[2] or 1) / (100 if match[3] else 1))
    if any(abs(value) > LARGEST for value in found):
        raise Unreadable(f"{text.strip()[:60]!r} is too large for an answer: {LARGEST:g} at most.")
    if not found:
        raise Unreadable(f"{text.strip()[:60]!r} is no number. Write it as 34, -0.5, 1/2 or 50 %.")
    return found


def _tidy(text: str) -> str:
    for sign, simple in SIGNS.items():
        text = text.replace(sign, simple)
    return text.strip().strip("\"'`").strip()


def _spellings(line: str) -> list[str]:
    """The line with thousands joined, and with a decimal comma, where it can be read so."""
    spelled = [line] if " " not in line.replace(" %", "%").replace(" /", "/").replace("/ ", "/") else []
    if GROUPS.match(line):
        spelled.append(re.sub(r"(?<=\d)[ ',_](?=\d{3}(?!\d))", "", line))
    if line.count(",") == 1:
        spelled.append(line.replace(",", "."))
    return spelled


def _near(given: set[float], answer: set[float], tolerance: float) -> bool:
    return any(abs(a - b) <= tolerance + TOLERANCE * max(1.0, abs(b)) for a in given for b in answer)


def same_number(given: str, answer: str, tolerance: float, _: Sequence[str] = ()) -> bool:
    """Whether a reading of the one number is within the tolerance of the other."""
    return _near(readings(given), readings(answer), tolerance)


def sizes(text: str) -> tuple[float, ...]:
    """`28x28x6`, `28 × 28 × 6`, `(28, 28, 6)` as numbers; `column 3, row 2` is (2, 3). Raises Unreadable without a number."""
    line = _tidy(text).lower()
    row, column = re.search(r"row\s*[:=]?\s*(\d+)", line), re.search(r"col(?:umn|\.)?\s*[:=]?\s*(\d+)", line)
    if row and column:
        return float(row[1]), float(column[1])
    found = re.findall(r"-?\d+(?:\.\d+)?", line)
    if not found or re.search(r"[a-wyz]", re.sub(r"row|column|col|pixels?|px", "", line)):
        raise Unreadable(f"{text.strip()[:60]!r} is no size or place. Write it as 28x28x6, or as row 2, column 3.")
    return tuple(float(number) for number in found)


def same_sizes(given: str, answer: str, _: float = 0.0, __: Sequence[str] = ()) -> bool:
    """Whether both have the same numbers in the same order."""
    return sizes(given) == sizes(answer)


def numbers(text: str, decimal_comma: bool = False) -> list[set[float]]:
    """Numbers in rows or in one line, each with what it may mean: `6 8; 3 4`, `0.1, 0.2, 0.7`; raises Unreadable for another word.

    A comma without a space separates, unless it is a `decimal_comma`.
    """
    found = []
    line = _tidy(text).replace(" %", "%")
    for row in re.split(r"[;\n]|\],?\s*\[", re.sub(r"^\s*[\[(]+|[\])]+\s*$", "", line)):
        words = re.split(r",\s+|\s+", row) if decimal_comma else re.split(r"\s*,\s*|\s+", row)
        found += [readings(word.strip("[](),")) for word in words if word.strip("[](), ")]
    if not found:
        raise Unreadable(f"{text.strip()[:60]!r} has no numbers. Write them as 6 8; 3 4 or as 0.1, 0.2, 0.7.")
    return found


def same_numbers(given: str, answer: str, tolerance: float, _: Sequence[str] = ()) -> bool:
    """Whether both have as many numbers, each within the tolerance."""
    right = numbers(answer)
    for decimal_comma in (False, True):
        found = numbers(given, decimal_comma)
        if len(found) == len(right) and all(_near(a, b, tolerance) for a, b in zip(found, right, strict=True)):
            return True
    return False


def chosen(text: str, options: Sequence[str]) -> str:
    """The option that `text` names by its words or its letter (A, b), 1.); raises Unreadable for none of them."""
    line = _simple(text)
    letters = {chr(ord("a") + i): option for i, option in enumerate(options)}
    for option in options:
        if line == _simple(option):
            return option
    if re.fullmatch(r"[(]?([a-z])[).:]?", line.strip()) and (letter := line.strip("(). :")) in letters:
        return letters[letter]
    near = [option for option in options if line and line in _simple(option)]
    if len(near) == 1:
        return near[0]
    raise Unreadable(f"{text.strip()[:60]!r} is not among the options. Write a letter, A to {chr(64 + len(options))}.")


def _simple(text: str) -> str:
    return " ".join(_tidy(text).lower().replace("->", "→").replace("→", " → ").replace("×", "x").split())


def same_choice(given: str, answer: str, _: float, options: Sequence[str]) -> bool:
    """Whether both name the same option."""
    return chosen(given, options) == chosen(answer, options)


def same_formula(given: str, answer: str, _: float = 0.0, __: Sequence[str] = ()) -> bool:
    """Whether both formulas are the same layers, brackets expanded."""
    return _layers(given) == _layers(answer)


def _layers(text: str) -> list[Layer]:
    try:
        return [layer for layer in parse(_tidy(text)).layers if layer.word != "flatten"]
    except UsageError as error:
        raise Unreadable(str(error).split("\n")[0]) from None


def same_text(given: str, answer: str, _: float = 0.0, __: Sequence[str] = ()) -> bool:
    """Whether both are the same words."""
    return " ".join(plain(given).split()) == " ".join(plain(answer).split())


def short_of(kind: str, given: str, answer: str, tolerance: float) -> str:
    """In a sentence, what a wrong answer that can be read has of the right one; empty where there is nothing to say."""
    if kind == "number":
        found, right = readings(given), readings(answer)
        if _near({-value for value in found}, right, tolerance):
            return "The sign is the other one."
        wide = max(CLOSE * abs(value) for value in right)
        return "It is close: compute with more decimals." if tolerance and _near(found, right, wide) else ""
    if kind in ("size", "place"):
        wanted = [{value} for value in sizes(answer)]
        typed = [{value} for value in sizes(given)]
    elif kind in ("numbers", "rows"):
        wanted = numbers(answer)
        typed = min((numbers(given, comma) for comma in (False, True)), key=lambda one: abs(len(one) - len(wanted)))
    else:
        return ""
    if len(typed) != len(wanted):
        return f"{len(wanted)} numbers are asked for. Got {len(typed)}."
    same = sum(_near(a, b, tolerance) for a, b in zip(typed, wanted, strict=True))
    return f"Of the {len(wanted)} numbers {same} {'is' if same == 1 else 'are'} right."


KINDS = {
    "number": Kind(same_number, "a number"),
    "size": Kind(same_sizes, "such as 28x28x6"),
    "place": Kind(same_sizes, "such as row 2, column 3"),
    "numbers": Kind(same_numbers, "numbers in order, such as 0.1, 0.2, 0.7"),
    "rows": Kind(same_numbers, "row by row, such as 6 8; 3 4"),
    "choice": Kind(same_choice, "a letter"),
    "formula": Kind(same_formula, "a formula"),
    "run": Kind(same_text, "a run folder"),
}
