"""A sheet as one HTML page that loads nothing, reads well aloud and prints well."""

import re
from html import escape
from pathlib import Path

from ... import __version__
from ...exercises.answers import KINDS
from ...exercises.exercise import Exercise, Part, minus
from ...exercises.sheet import Sheet
from .grids import table
from .markdown import points

POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def html(sheet: Sheet, key: bool = False) -> str:
    """The page; with `key` every exercise has its answers, worked solution and named wrong answers, or else hints to unfold."""
    style = Path(__file__).with_name("sheet.css").read_text(encoding="utf-8")
    title = "Exercises: the key" if key else "Exercises"
    whose = f"<b>{escape(sheet.student)}</b>" if sheet.student else '<span class="blank"></span>'
    name = "" if key and not sheet.student else f'<p class="who">Name: {whose}</p>'
    body = "\n".join(_exercise(i + 1, one, key) for i, one in enumerate(sheet.exercises))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n<style>\n{style}</style>\n</head>\n'
        f"<body>\n<main>\n<header><h1>{title}</h1>{name}"
        f"<p>Seed {sheet.seed} · {len(sheet.exercises)} exercises · {points(sheet.points)}</p></header>\n"
        f"{body}\n<footer>Made by Clearsight {escape(__version__)}.</footer>\n</main>\n</body>\n</html>\n"
    )


def marked(text: str) -> str:
    """Text as HTML: escaped, with `code`."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def question(one: Exercise) -> str:
    """The paragraphs and grids of an exercise."""
    grids = "".join(table(grid) for grid in one.grids)
    return "".join(f"<p>{marked(text)}</p>" for text in one.question) + (f'<div class="grids">{grids}</div>' if grids else "")


def _exercise(number: int, one: Exercise, key: bool) -> str:
    parts = "".join(_part(part, key) for part in one.parts)
    below = _key(one) if key else _hints(one)
    return (
        f'<section id="{one.name}"><h2>{number}. {escape(one.title)} <span class="points">{points(one.points)}</span></h2>\n'
        f"{question(one)}\n<dl>{parts}</dl>\n{below}</section>"
    )


def _part(part: Part, key: bool) -> str:
    worth = f' <span class="points">{points(part.points)}</span>'
    options = "".join(f"<li>{escape(option)}</li>" for option in part.options)
    listed = f'<ol class="options">{options}</ol>' if options else ""
    if key:
        tolerance = f" ± {part.tolerance:g}" if part.tolerance else ""
        right = f"<b>{escape(minus(part.answer))}</b>{tolerance}"
    else:
        right = '<span class="blank tall"></span>' if part.kind == "rows" else '<span class="blank"></span>'
    how = "" if key or part.options else f" <small>({escape(KINDS[part.kind].example)})</small>"
    css = ' class="choice"' if options else ""
    return f"<div{css}><dt>{escape(part.prompt)}{how}{worth}</dt><dd>{listed}{right}</dd></div>"


def _hints(one: Exercise) -> str:
    first, second = map(marked, one.hints)
    return f"<details><summary>Hint</summary><p>{first}</p><details><summary>Second hint</summary><p>{second}</p></details></details>"


def _key(one: Exercise) -> str:
    solution = "".join(f"<p>{marked(text)}</p>" for text in one.solution)
    rows = "".join(
        f"<tr><td>{escape(part.prompt)}</td><td>{escape(minus(slip.answer))}</td><td>{escape(slip.comment)}</td></tr>"
        for part in one.parts
        for slip in part.slips
    )
    slips = f'<table class="slips"><caption>Wrong answers that are recognised</caption>{rows}</table>' if rows else ""
    return f'<div class="solution"><h3>Solution</h3>{solution}</div>{slips}'
