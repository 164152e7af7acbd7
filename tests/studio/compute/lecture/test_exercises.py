"""Exercises through the functions of the compute process: nothing that answers is in what is asked."""

import pytest

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.exercises.own_network import OWN
from clearsight.exercises.table import GENERATORS, generate
from clearsight.studio.compute.lecture.exercises import asked, graded, listed


def test_all_are_listed():
    assert [row["name"] for row in listed(None)] == [*GENERATORS, *OWN]


@pytest.mark.parametrize("kind", GENERATORS)
def test_no_answer_is_in_what_is_asked(kind):
    told, one = asked(None, kind, 1), generate(kind, 1)
    assert set(told) == {"name", "topic", "title", "seed", "points", "question", "grids", "parts", "hints"}
    assert all(set(part) == {"name", "prompt", "kind", "points", "options", "example"} for part in told["parts"])
    assert not any(line in str(told) for line in one.solution)
    assert not any(slip.comment in str(told) for part in one.parts for slip in part.slips)
    assert [grid["name"] for grid in told["grids"]] == [grid.name for grid in one.grids]
    assert all(len(grid["colours"]) == len(grid["rows"]) for grid in told["grids"])


def test_without_a_try_there_is_no_solution():
    with pytest.raises(ClearsightError, match="write an answer first"):
        graded(None, "cell", 0, "", "  ", solution=True)
    seen = graded(None, "cell", 0, "value", "123456", solution=True)
    assert not seen["right"] and seen["answer"] and seen["steps"]
    assert "no number" in graded(None, "cell", 0, "", "a cat")["because"]
    with pytest.raises(UsageError, match="part of the exercise cell"):
        graded(None, "cell", 0, "nothing", "1")


def test_a_run_is_never_what_was_typed(tmp_path):
    with pytest.raises(ClearsightError, match="choose a run"):
        graded(None, "few-labels", 0, "run", "/etc")
    found = graded(None, "few-labels", 0, "run", "", run=str(tmp_path / "race"))
    assert not found["right"] and "race" in found["because"] and str(tmp_path) not in found["because"]
