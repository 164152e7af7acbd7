"""Moodle XML: what an import requires, tolerances, comments of named wrong answers, nothing unescaped."""

import re
import xml.etree.ElementTree as ET

import pytest

from clearsight.exercises.grading import grade_part
from clearsight.exercises.sheet import sheet
from clearsight.reports.exercises.moodle import moodle

FORMATS = {"html", "moodle_auto_format", "plain_text", "markdown"}
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")  # Moodle reads no comma and no true minus sign in a file
CHOSEN = {  # what is chosen from a list in Moodle's form
    "multichoice": {
        "single": {"true"},
        "shuffleanswers": {"true", "false"},
        "answernumbering": {"none", "abc", "ABCD", "123", "iii", "IIII"},
    },
    "shortanswer": {"usecase": {"0", "1"}},
    "numerical": {},
    "essay": {
        "responseformat": {"editor", "editorfilepicker", "plain", "monospaced", "noinline"},
        "responserequired": {"0", "1"},
        "responsefieldlines": {"2", "3", "5", "10", "15", "20", "25", "30", "35", "40"},
    },
}


def refused(question) -> list[str]:
    """What Moodle's importer (question/format/xml/format.php and the question types) reads otherwise, or does not take."""
    kind, answers = question.get("type"), question.findall("answer")
    wrong = [tag for tag in ("name", "questiontext", "generalfeedback") if len(question.findall(f"{tag}/text")) != 1]
    if not 0 < len((question.findtext("name/text") or "").strip()) <= 255:
        wrong.append("name")
    wrong += [one.tag for one in question.iter() if one.get("format", "html") not in FORMATS]
    wrong += [one.tag for one in (*answers, *question.findall("hint")) if one.find("text") is None]
    wrong += [tag for tag, allowed in CHOSEN[kind].items() if question.findtext(tag) not in allowed]
    wrong += ["defaultgrade"] if not NUMBER.fullmatch(question.findtext("defaultgrade")) else []
    if kind == "essay":
        return wrong + ["answer"] * len(answers)
    wrong += [] if max(float(one.get("fraction")) for one in answers) == 100 else ["no right answer"]
    wrong += ["blank answer" for one in answers if not (one.findtext("text") or "").strip()]
    texts = [one.findtext("text").strip().casefold() for one in answers]
    wrong += ["answer twice"] if len(set(texts)) < len(texts) else []
    if kind == "numerical":
        wrong += [words for one in answers for words in (one.findtext("text"), one.findtext("tolerance")) if not NUMBER.fullmatch(words)]
    return wrong + (["one option"] if kind == "multichoice" and len(answers) < 2 else [])


def taken(made) -> None:
    root = ET.fromstring(moodle(made))
    assert root.tag == "quiz" and root[0].get("type") == "category"
    assert root[0].findtext("category/text").startswith("$course$/") and len(root) > len(made.exercises)
    assert [found for one in root[1:] if (found := refused(one))] == []


def test_moodle_takes_every_kind_of_question(lecture, hostile):
    for made in (lecture, hostile, sheet(11, only=("cell", "confusion"), student="A\x01 \x1b[31m/ <b>&")):
        taken(made)


@pytest.mark.slow
def test_moodle_takes_every_question_of_the_table():
    for seed in range(5):
        taken(sheet(seed))


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
