"""The figures of the lecture by name: those with the lecture's own numbers, and those of the reader's network and picture."""

from collections.abc import Callable
from typing import Any

from ....base.errors import unknown
from ....reports.live.lecture import LECTURE
from ....reports.live.page import Live
from ..session import Session
from .given import given
from .own import OWN

FIGURES = (*LECTURE, *OWN)


def figure(session: Session, name: str, words: str, file: str) -> dict[str, Any]:
    """A figure: the module that draws it and its numbers; `of` says what it is made of; raises UsageError."""
    if name in LECTURE:
        return shown(LECTURE[name]())
    if name not in OWN:
        raise unknown("figure of the lecture", name, FIGURES)
    of = given(session, words, file)
    made, takes = OWN[name]
    return shown(made(of), of.said(takes), takes)


def shown(made: Live, of: str = "", takes: tuple[str, ...] = ()) -> dict[str, Any]:
    """A figure for the page; `takes` says what of the reader's it is made of."""
    return {"title": made.title, "lead": made.lead, "of": of, "takes": takes, "module": made.module, "data": made.data}


FUNCTIONS: dict[str, Callable[..., Any]] = {"figure": figure}
