"""The slides of the lecture in their order, from the ONE table of them."""

import functools
import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

TABLE = files("clearsight.studio.lecture").joinpath("slides.toml")


@dataclass(frozen=True)
class Run:
    """A command, without `clearsight`: whether it writes a figure, and numbers of its `--json` by their path."""

    command: str
    figure: bool
    expect: dict[str, Any]


@dataclass(frozen=True)
class Slide:
    """A slide: its title, what its commands show, figures of the studio, words of the glossary, exercises, and screens to go on in."""

    id: str
    title: str
    sees: str
    figures: tuple[str, ...]
    words: tuple[str, ...]
    exercises: tuple[str, ...]
    further: dict[str, str]
    runs: tuple[Run, ...]


@functools.cache
def slides() -> tuple[Slide, ...]:
    """Every slide, in the lecture's order."""
    return tuple(_slide(row) for row in tomllib.loads(TABLE.read_text(encoding="utf-8"))["row"])


def _slide(row: dict[str, Any]) -> Slide:
    runs = tuple(Run(one["command"], one.get("figure", False), one.get("expect", {})) for one in row["run"])
    figures, words, exercises = (tuple(row.get(name, ())) for name in ("figures", "words", "exercises"))
    return Slide(slug(row["slide"]), row["slide"], row["sees"], figures, words, exercises, row.get("further", {}), runs)


def slug(title: str) -> str:
    """A title as an address has it: letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
