"""A sheet as Moodle XML: questions with tolerances, hints, and a comment for each named wrong answer.

A part is a question of its own: numerical, a short answer, or multiple choice; parts that need a program to grade are essays.
https://docs.moodle.org/en/Moodle_XML_format; what an import requires is in Moodle's question/format/xml/format.php.
"""

from html import escape

from ...exercises.answers import sizes
from ...exercises.exercise import Exercise, Part, minus
from ...exercises.sheet import Sheet
from .html import marked, question

LONGEST_NAME = 255  # letters of a question's name that Moodle stores
TYPES = {"number": "numerical", "choice": "multichoice", "size": "shortanswer", "place": "shortanswer"}


def moodle(sheet: Sheet) -> str:
    """The questions of a sheet, in a category with its seed."""
    name = f"Clearsight, seed {sheet.seed}" + (f", {sheet.student}" if sheet.student else "")
    category = f'<question type="category"><category><text>$course$/{escape(name.replace("/", "//"))}</text></category></question>'
    questions = [_question(i + 1, one, part) for i, one in enumerate(sheet.exercises) for part in one.parts]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', "<quiz>", category, *questions, "</quiz>"]) + "\n"


def _question(number: int, one: Exercise, part: Part) -> str:
    kind = "essay" if part.by_hand else TYPES.get(part.kind, "shortanswer")
    title = f"{number:02d} {one.title}" + (f": {part.prompt}" if len(one.parts) > 1 else "")
    asked = f"{question(one)}<p><b>{escape(part.prompt)}</b>{'' if kind != 'shortanswer' else ' ' + _how(part)}</p>"
    worked = "".join(f"<p>{marked(text)}</p>" for text in one.solution)
    lines = [
        f'<question type="{kind}">',
        f"<name><text>{escape(title[:LONGEST_NAME])}</text></name>",
        f'<questiontext format="html"><text>{escape(asked)}</text></questiontext>',
        f'<generalfeedback format="html"><text>{escape(worked)}</text></generalfeedback>',
        f"<defaultgrade>{part.points}</defaultgrade>",
        *_ANSWERS[kind](part),
        *(f'<hint format="html"><text>{escape(marked(hint))}</text></hint>' for hint in (one.hints if kind != "essay" else ())),
        "</question>",
    ]
    return "\n".join(lines)


def _how(part: Part) -> str:
    words = {
        "size": "(such as 28x28x6)",
        "place": "(such as 2,3 for row 2, column 3)",
        "numbers": "(two decimals, such as 0.10, 0.20, 0.70)",
    }
    return words.get(part.kind, "(row by row, such as 6 8; 3 4)")


def _answer(given: str, share: int, comment: str, more: str = "", format: str = "moodle_auto_format") -> str:
    told = f'<feedback format="html"><text>{escape(escape(comment))}</text></feedback>'
    return f'<answer fraction="{share}" format="{format}"><text>{escape(given)}</text>{more}{told}</answer>'


def _numerical(part: Part) -> list[str]:
    wide = f"<tolerance>{part.tolerance or 1e-6:g}</tolerance>"
    return [_answer(part.answer, 100, "Right.", wide), *(_answer(slip.answer, 0, slip.comment, wide) for slip in part.slips)]


def _spellings(part: Part, answer: str) -> list[str]:
    if part.kind in ("size", "place"):
        numbers = [f"{number:g}" for number in sizes(answer)]
        signs = ("x", "×", "*", ",", " ") if part.kind == "size" else (",", " ", "/", ";")
        spelled = [joined for sign in signs for joined in dict.fromkeys((sign.join(numbers), f" {sign} ".join(numbers)))]
        near = [f"{numbers[0]}, {numbers[1]}", f"row {numbers[0]}, column {numbers[1]}"] if part.kind == "place" else []
        near += ["(" + ", ".join(numbers) + ")", ", ".join(numbers)]
        return [one.replace("*", "\\*") for one in dict.fromkeys((*spelled, *near)) if one.strip() and "  " not in one]
    if part.kind == "numbers":
        rounded = [f"{float(number):.2f}" for number in answer.split(", ")]
        short = [f"{float(number):g}" for number in rounded]
        return list(dict.fromkeys(sign.join(words) for words in (rounded, short) for sign in (", ", "; ", " ", ",")))
    return list(dict.fromkeys((answer, answer.replace("; ", ";"), answer.replace("; ", " "), minus(answer))))


def _short(part: Part) -> list[str]:
    right = [_answer(text, 100, "Right.") for text in _spellings(part, part.answer)]
    taken = set(_spellings(part, part.answer))
    wrong = [(text, slip.comment) for slip in part.slips for text in _spellings(part, slip.answer) if text not in taken]
    return ["<usecase>0</usecase>", *right, *(_answer(text, 0, comment) for text, comment in wrong)]


def _choices(part: Part) -> list[str]:
    comments = {slip.answer: slip.comment for slip in part.slips}
    rows = [
        _answer(
            escape(option),
            100 if option == part.answer else 0,
            "Right." if option == part.answer else comments.get(option, ""),
            format="html",
        )
        for option in part.options
    ]
    return ["<single>true</single>", "<shuffleanswers>false</shuffleanswers>", "<answernumbering>ABCD</answernumbering>", *rows]


def _essay(part: Part) -> list[str]:
    key = f"<p>For example: {escape(minus(part.answer))}. Grade it with clearsight exercises --check.</p>"
    return [
        "<responseformat>monospaced</responseformat>",
        "<responserequired>1</responserequired>",
        "<responsefieldlines>10</responsefieldlines>",  # one of the numbers that Moodle's form offers
        f'<graderinfo format="html"><text>{escape(key)}</text></graderinfo>',
    ]


_ANSWERS = {"numerical": _numerical, "multichoice": _choices, "shortanswer": _short, "essay": _essay}
