"""A sheet, its file of answers, and the check of a filled-in one."""

import csv
import io
import tomllib

import pytest

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.exercises.sheet import answer_files, check, personal, points_csv, sheet, template, text

NAMES = ("cell", "pooling", "softmax", "mcnemar")


def filled(made, path, change=lambda part: part.answer):
    answers = tomllib.loads(template(made))
    lines = template(made).split("\n[")[0].splitlines()
    for one in made.exercises:
        assert set(answers[one.name]) == {part.name for part in one.parts}
        lines += [f"[{one.name}]", *(f'{part.name} = """{change(part)}"""' for part in one.parts)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_class_has_one_sheet_and_a_student_one_of_their_own():
    one, same, own = sheet(7, only=NAMES), sheet(7, only=NAMES), sheet(7, "Ada Lovelace", only=NAMES)
    assert one.to_json() == same.to_json() != own.to_json()
    assert [a.name for a in one.exercises] == [a.name for a in own.exercises]
    assert personal(7, "Ada  lovelace ") == personal(7, "ADA Lovelace") != personal(7, "Alan Turing")
    assert personal(7, "") == 7


def test_the_name_of_a_student_is_one_line_of_letters():
    made = sheet(7, "Ada\n\x1b\udcff", only=["cell"])
    assert tomllib.loads(template(made).encode().decode())["student"] == made.student == "Ada \\x1b\\udcff"
    assert sheet(7, made.student, only=["cell"]).to_json() == made.to_json()


def test_a_right_file_has_all_points_and_an_empty_one_none(tmp_path):
    made = sheet(7, 'Ada "the first" Lovelace', only=NAMES)
    right = check(filled(made, tmp_path / "right.toml"), seed=7)
    assert right.points == made.points == right.to_json()["most"] and "Ada" in right.headline()
    (tmp_path / "empty.toml").write_text(template(made), encoding="utf-8")
    empty = check(tmp_path / "empty.toml")
    assert empty.points == 0 and {row["comment"] for row in empty.rows()} == {"No answer."}


def test_a_slip_is_named(tmp_path):
    made = sheet(3, only=NAMES)
    found = check(filled(made, tmp_path / "a.toml", lambda part: part.slips[0].answer))
    assert found.points == 0
    comments = [part.slips[0].comment for one in made.exercises for part in one.parts]
    assert [row["comment"] for row in found.rows()] == comments


def test_answers_may_be_numbers_and_lists(tmp_path):
    assert [text(value) for value in (3, 0.5, [0.1, 0.2], [[6, 8], [3, 4]], " 1/2 ")] == ["3", "0.5", "0.1, 0.2", "6, 8; 3, 4", " 1/2 "]


@pytest.mark.parametrize(
    ("written", "seed", "says"),
    [
        ("seed = 7\n[cel]\nvalue = 1", None, "Did you mean cell"),
        ("seed = 7\n[cell]\nvalues = 1", None, "Did you mean value"),
        ("[cell]\nvalue = 1", None, "seed = 7"),
        ("seed = true\n[cell]\nvalue = 1", None, "seed = 7"),
        ("seed = -1\n[cell]\nvalue = 1", None, "seed = 7"),
        ("seed = 7\ncell = 1", None, "lines under .cell., as in value = "),
        ("seed = 7\nexercises = 'cell'", None, "a list of names"),
        ("seed = 7\nexercises = []", None, "a list of names"),
        ("seed = 7\n[cell]\nvalue = " + "[" * 5000 + "]" * 5000, None, "nested too deeply"),
        ("seed = 8\n[cell]\nvalue = 1", 7, "another sheet"),
        ("seed = 7\n[cell]\nvalue = 1 2", None, "TOML"),
    ],
)
def test_a_file_that_cannot_be_graded_is_explained(tmp_path, written, seed, says):
    path = tmp_path / "answers.toml"
    path.write_text(written, encoding="utf-8")
    with pytest.raises(UsageError, match=says):
        check(path, seed)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ClearsightError, match="cannot read"):
        check(tmp_path / "nowhere.toml")


def test_a_folder_stands_for_its_files_and_a_class_is_one_table(tmp_path):
    for name in ("ada", "=alan"):
        filled(sheet(7, name, only=("mcnemar",)), tmp_path / f"{name}.toml")
    files = answer_files([tmp_path])
    assert [path.stem for path in files] == ["=alan", "ada"]
    rows = list(csv.DictReader(io.StringIO(points_csv([check(path, 7) for path in files]))))
    assert [(row["student"], row["part"], row["points"]) for row in rows][:2] == [("'=alan", "p", "2"), ("'=alan", "differ", "1")]
    (tmp_path / "none").mkdir()
    with pytest.raises(UsageError, match=r"no \.toml"):
        answer_files([tmp_path / "none"])
