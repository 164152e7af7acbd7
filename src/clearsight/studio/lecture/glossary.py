"""The glossary: words, what they mean, and what they are called here."""

import functools
from importlib.resources import files
from typing import NamedTuple

PAGE = files("clearsight.studio.lecture").joinpath("glossary.md")


class Word(NamedTuple):
    """A word, its meaning in one line, and the functions, settings or commands that it is called by."""

    word: str
    meaning: str
    here: str


@functools.cache
def words() -> tuple[Word, ...]:
    """Every word, in alphabetical order."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    return tuple(Word(word, meaning, here.replace("`", "")) for word, meaning, here in cells)
