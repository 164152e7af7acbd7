"""Marks: points for right answers, the slip's comment for named wrong ones, a way to write unreadable ones."""

from clearsight.exercises.exercise import Exercise, Verdict, part
from clearsight.exercises.grading import NO_ANSWER, RIGHT, WRONG, grade, grade_part

SIZE = part("size", "size", "number", "14", [("15", "You rounded up.")], points=2)


def test_right_wrong_slip_blank_and_unreadable():
    assert (grade_part(SIZE, "14").points, grade_part(SIZE, "28/2").comment) == (2, RIGHT)
    slip = grade_part(SIZE, "15.0")
    assert (slip.points, slip.comment, slip.slip) == (0, "You rounded up.", True)
    assert (grade_part(SIZE, "99").comment, grade_part(SIZE, " ").comment) == (WRONG, NO_ANSWER)
    assert "Write it as" in grade_part(SIZE, "fourteen").comment


def test_a_wrong_answer_is_told_what_it_has_of_the_right_one():
    said = [
        ("number", "-44", "44", "The sign is the other one."), ("number", "1.25", "1.23", "It is close: compute with more decimals."),
        ("size", "28x28x6", "28", "3 numbers are asked for. Got 1."), ("size", "28x28x6", "28x28x3", "Of the 3 numbers 2 are right."),
        ("place", "row 2, column 3", "row 2, column 4", "Of the 2 numbers 1 is right."),
        ("rows", "6 8; 3 4", "6 8 3", "4 numbers are asked for. Got 3."),
        ("numbers", "0.1, 0.2, 0.7", "0,1 0,3 0,6", "Of the 3 numbers 1 is right."), ("choice", "yes", "no", ""),
    ]  # fmt: skip
    for kind, right, given, words in said:
        one = part("p", "p", kind, right, tolerance=0.005, options=("yes", "no") if kind == "choice" else ())
        assert grade_part(one, given).comment == f"{WRONG} {words}".strip(), (kind, given)
    assert grade_part(part("p", "p", "number", "100"), "101").comment == WRONG  # of a count nothing is close


def test_a_judge_decides_where_several_answers_are_right():
    even = part("even", "an even number", "number", "2", [("3", "odd")], judge=lambda given: Verdict(int(given) % 2 == 0, "judged"))
    assert [grade_part(even, given).right for given in ("2", "40", "3", "5")] == [True, True, False, False]
    assert (grade_part(even, "3").comment, grade_part(even, "5").comment) == ("odd", "judged")


def test_an_exercise_adds_the_points_of_its_parts():
    made = Exercise(("q",), (SIZE, part("other", "other", "number", "1")), ("", ""), ())
    graded = grade(made, {"size": "14"})
    assert (graded.points, made.points) == (2, 3)
    assert graded.to_json()["parts"][1]["comment"] == NO_ANSWER
