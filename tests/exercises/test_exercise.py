"""Parts drop the slips that cannot be told from the answer, or from one another."""

from clearsight.exercises.exercise import Exercise, Grid, part, rows, written


def test_a_slip_that_coincides_with_the_answer_is_dropped():
    made = part("p", "p", "number", "4", [("4.0", "the same"), ("5", "one"), ("5", "another"), ("4.02", "too near")], tolerance=0.01)
    assert [slip.answer for slip in made.slips] == ["5"]


def test_numbers_are_written_without_trailing_zeros():
    assert [written(value) for value in (3.0, -0.0, 0.5, 2 / 3, -1200.0)] == ["3", "0", "0.5", "0.666667", "-1200"]
    assert rows([[6, 8], [3, 4]]) == "6 8; 3 4"


def test_the_json_of_a_student_has_no_answer():
    made = Exercise(("q",), (part("p", "p", "number", "42", [("41", "a slip")]),), ("first", "second"), ("worked",), (Grid("g", ((1,),)),))
    assert "42" in str(made.to_json()) and "a slip" in str(made.to_json())
    asked = str(made.to_json(key=False))
    assert not any(word in asked for word in ("42", "a slip", "worked", "first"))
