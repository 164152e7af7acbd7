"""Answers are read in every common spelling, and in no wrong one."""

import pytest

from clearsight.exercises.answers import KINDS, Unreadable, numbers, readings, sizes

OPTIONS = ("one 7×7", "three 3×3", "cat → dog")


@pytest.mark.parametrize(
    ("kind", "answer", "spellings"),
    [
        ("number", "0.5", ["0.5", "1/2", "50 %", "50%", ".5", "0,5", "p = 0.5", "≈ 0.5", " 0.50 ", "+0.5", "5e-1", "2 / 4"]),
        ("number", "-3", ["-3", "−3", "–3", "- 3", "-3.0", "z = −3"]),
        ("number", "62378344", ["62,378,344", "62'378'344", "62’378’344", "62 378 344", "62_378_344", "62378344 parameters"]),
        ("number", "1234", ["1,234", "1234.", "1'234 MACs"]),
        ("size", "28x28x6", ["28x28x6", "28 × 28 × 6", "28X28X6", "28*28*6", "(28, 28, 6)", "28,28,6", "28·28·6", "[28 28 6]"]),
        ("place", "row 2, column 3", ["row 2, column 3", "2,3", "(2, 3)", "2 3", "column 3, row 2", "Row: 2 Column: 3", "row=2, col=3"]),
        (
            "numbers",
            "0.1, 0.2, 0.7",
            ["0.1, 0.2, 0.7", "0.1 0.2 0.7", "0,1; 0,2; 0,7", "10 %, 20 %, 70 %", "0.1,0.2,0.7", "(0.1, 0.2, 0.7)"],
        ),
        ("rows", "6 8; 3 4", ["6 8; 3 4", "6 8\n3 4", "6, 8; 3, 4", "[[6, 8], [3, 4]]", "\n6 8\n3 4\n", "6 8 3 4"]),
        ("choice", "three 3×3", ["three 3×3", "B", "b", "(b)", "b.", "Three 3x3"]),
        ("choice", "cat → dog", ["cat -> dog", "C", "cat→dog"]),
        ("formula", "(conv8 relu)*2 pool softmax", ["conv8 relu conv8 relu pool2x2 softmax", "(CONV8 → ReLU)*2 → POOL → flatten softmax"]),
    ],
)
def test_spellings_of_one_answer(kind, answer, spellings):
    for given in spellings:
        assert KINDS[kind].same(given, answer, 1e-9, OPTIONS), given


@pytest.mark.parametrize(
    ("kind", "answer", "given"),
    [
        ("number", "0.5", "50"), ("number", "3", "-3"), ("size", "28x28x6", "6x28x28"), ("place", "row 2, column 3", "row 3, column 2"),
        ("numbers", "0.1, 0.2, 0.7", "0.1, 0.7, 0.2"), ("rows", "6 8; 3 4", "6 3; 8 4"), ("numbers", "1, 2", "1, 2, 3"),
        ("choice", "three 3×3", "A"), ("formula", "conv8 relu pool softmax", "conv8 pool relu softmax"),
    ],
)  # fmt: skip
def test_other_answers_are_told_apart(kind, answer, given):
    assert not KINDS[kind].same(given, answer, 1e-9, OPTIONS)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("number", "many"), ("number", "1/0"), ("number", "3 4"), ("number", "1.2.3"), ("size", "big"),
        ("number", "1e999"), ("rows", "1e308"),
        ("place", "the first"), ("numbers", "one, two"),
        ("rows", ";"), ("choice", "Z"), ("choice", "seven"), ("formula", "convolution 8"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(kind, given):
    with pytest.raises(Unreadable):
        KINDS[kind].same(given, {"choice": "one 7×7", "formula": "softmax"}.get(kind, "1"), 0.0, OPTIONS)


def test_an_ambiguous_comma_may_mean_both():
    assert readings("1,234") == {1234.0, 1.234}
    assert sizes("28×28") == (28.0, 28.0)
    assert numbers("1 2; 3") == [{1.0}, {2.0}, {3.0}]
