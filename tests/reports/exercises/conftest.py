"""Sheets that the pages are made of."""

import pytest

from clearsight.exercises.exercise import Exercise, Grid, part
from clearsight.exercises.sheet import Sheet, sheet


@pytest.fixture(scope="session")
def lecture():
    """Exercises of every kind of answer but a run's."""
    return sheet(7, only=("cell", "pooling", "relu-pooling", "softmax", "templates", "confusion"))


@pytest.fixture
def hostile():
    """A sheet whose every text has what HTML, XML and LaTeX would swallow."""
    text = '<script>alert("1")</script> & $x$ `a<b`'
    parts = (
        part("number", text, "number", "4", [("5", text)]),
        part("choice", text, "choice", "a < b", [("c & d", text)], options=("a < b", "c & d")),
        part("hand", text, "rows", "1 2", [("2 1", text)], by_hand=True),
    )
    one = Exercise((text,), parts, (text, text), (text,), (Grid(text, ((text, 1), (-2, 0.5))),), {}, "x", "topic", text, 0)
    return Sheet(0, text, (one,))
