"""Columns: as wide as their content, no wider than a terminal, and whole in a pipe."""

import pytest
from rich.cells import cell_len

from clearsight.cli import columns
from clearsight.cli.columns import fitted, print_columns

LINES = [["name", "n", "notes", "paper"], ["猫", "1,000", "much of it", "a title of many words that says it all"], ["b", "2", "", "short"]]


@pytest.mark.parametrize("text", ["", "a", "abc", "abcdefgh", "猫猫", "猫猫猫猫猫", "a猫b猫c"])
@pytest.mark.parametrize("width", range(8))
@pytest.mark.parametrize("how", [{}, {"left": True}, {"right": True}])
def test_a_cell_has_its_width(text, width, how):
    assert cell_len(fitted(text, width, **how)) == width


def test_paths_are_cut_at_their_beginning_and_others_at_their_end():
    assert fitted("photos/cats/1.jpg", 9, left=True) == "…ts/1.jpg"
    assert fitted("tabby cat", 6) == "tabby…"
    assert (fitted("ab", 4), fitted("ab", 4, right=True)) == ("ab  ", "  ab")


def test_in_a_pipe_all_is_there(capsys):
    print_columns(LINES, right=(1,), less=(2,))
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "name      n  notes       paper",
        "猫    1,000  much of it  a title of many words that says it all",
        "b         2              short",
    ]
    assert not said.err


@pytest.mark.parametrize("room", [30, 40, 50, 70])
def test_a_terminal_is_not_exceeded(capsys, monkeypatch, room):
    monkeypatch.setattr(columns, "edge", lambda: room)
    print_columns(LINES, right=(1,), less=(2,))
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert len(lines) == 3 and max(map(cell_len, lines)) <= room and all("a title" in line for line in lines[1:2])
    assert ("notes" in lines[0]) == (room >= 45) == (not said.err)
    assert room >= 45 or "left out for want of room: notes" in said.err
