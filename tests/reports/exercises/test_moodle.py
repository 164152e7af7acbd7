"""Moodle XML: well formed, tolerances, comments of named wrong answers, nothing unescaped."""

import xml.etree.ElementTree as ET

from clearsight.exercises.grading import grade_part
from clearsight.reports.exercises.moodle import moodle


def questions(sheet):
    return [one for one in ET.fromstring(moodle(sheet)).findall("question") if one.get("type") != "category"]


def test_every_part_is_a_question_with_its_points(lecture):
    parts = [part for one in lecture.exercises for part in one.parts]
    found = questions(lecture)
    assert [int(one.findtext("defaultgrade")) for one in found] == [part.points for part in parts]
    assert {one.get("type") for one in found} == {"numerical", "shortanswer", "multichoice", "essay"}
    assert len({one.findtext("name/text") for one in found}) == len(found)


def test_answers_are_graded_as_here(lecture):
    parts = [part for one in lecture.exercises for part in one.parts]
    for one, part in zip(questions(lecture), parts, strict=True):
        fractions = {answer.get("fraction") for answer in one.findall("answer")}
        assert fractions == ({"0", "100"} if one.get("type") != "essay" else set())
        for answer in one.findall("answer"):
            given = answer.findtext("text").replace("&lt;", "<").replace("\\*", "*")
            assert grade_part(part, given).right == (answer.get("fraction") == "100"), (part.name, given)
            if one.get("type") == "numerical":
                assert float(answer.findtext("tolerance")) > 0
    comments = {slip.comment for part in parts if part.kind == "number" for slip in part.slips}
    told = {feedback.findtext("text") for one in questions(lecture) for feedback in one.iter("feedback")}
    assert len(told) > len(comments) > 5


def test_texts_are_escaped_twice(hostile):
    for one in questions(hostile):
        assert "<script" not in one.findtext("questiontext/text") and "&lt;script&gt;" in one.findtext("questiontext/text")
        assert all(
            "<script" not in text.text for part in ("feedback", "hint", "generalfeedback") for text in one.findall(f".//{part}/text")
        )
