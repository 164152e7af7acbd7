"""The questions on a terminal."""

import click
from click.testing import CliRunner

from clearsight.cli.quiz import ask
from clearsight.exercises.sheet import sheet

SHEET = sheet(7, only=("output-size", "mcnemar"))
SIZE, (P, DIFFER) = SHEET.exercises[0].parts[0], SHEET.exercises[1].parts


def talk(*lines):
    done = CliRunner().invoke(click.Command("quiz", callback=lambda: ask(SHEET)), input="\n".join(lines) + "\n")
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


def test_all_right():
    assert f"{SHEET.points} of {SHEET.points} points" in talk(SIZE.answer, P.answer, DIFFER.answer)


def test_hints_slips_and_three_tries():
    told = talk("?", "?", "?", SIZE.slips[0].answer, "seven", "1x1x1", P.answer, DIFFER.answer)
    first, second = (" ".join(hint.split()) for hint in SHEET.exercises[0].hints)
    assert told.index(first) < told.index(second) < told.index("no more hints") < told.index(SIZE.slips[0].comment)
    assert f"The answer is {SIZE.answer}." in told and "3 of 4 points" in told


def test_enter_goes_on_and_q_ends():
    assert "0 of 4 points" in talk("", "", "")
    assert "0 of 1 point" in talk("q")
