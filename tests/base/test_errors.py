"""Errors say what is wrong, what is allowed and what came, in one line."""

import pytest

from clearsight.base.errors import ClearsightError, CorruptFile, UnreadableImage, UsageError, listed, unknown, wrong


@pytest.mark.parametrize(
    ("error", "code"),
    [(UsageError("x"), 2), (wrong("a", "b", 1), 2), (unknown("a", "b", []), 2), (ClearsightError("x"), 1), (CorruptFile("x"), 1),
     (UnreadableImage("a.png", "it is empty"), 1)],
)  # fmt: skip
def test_exit_codes(error, code):
    assert isinstance(error, ClearsightError)
    assert error.exit_code == code


@pytest.mark.parametrize(("n", "said"), [(0, ""), (1, "0"), (3, "0, 1, 2"), (4, "0, 1, 2 … (4 in all)")])
def test_lists_are_cut(n, said):
    assert listed(range(n), most=3) == said
    assert listed(iter(range(n)), most=3) == said


def test_what_came_is_quoted_as_python_writes_it():
    assert str(wrong("fit", "crop or pad", "crpo")) == "fit must be crop or pad. Got 'crpo'."
    assert "\n" not in str(wrong("name", "one line", "a\nb"))
    assert "\n" not in str(unknown("network", "a\nb", ["swift"]))


def test_near_names_come_first_and_no_more_than_three():
    assert str(unknown("network", "resnet", [f"resnet{n}" for n in range(9)])).count(" or ") == 2
    assert str(unknown("network", 18, ["lenet5"])) == "no network is called '18'. There is: lenet5."


def test_an_unreadable_picture_keeps_its_parts():
    error = UnreadableImage("a.png", "it is empty")
    assert (error.source, error.reason) == ("a.png", "it is empty")
