"""`clearsight exercises`: sheets, keys, templates, checks."""

import json
import tomllib


def test_a_sheet_is_printed_where_there_is_no_terminal(clearsight):
    said = clearsight("exercises", "--only", "cell, softmax", "--seed", "7")
    assert said.code == 0 and "One cell of a feature map" in said.out and "Solution" not in said.out
    assert "Solution" in clearsight("exercises", "--only", "cell", "--seed", "7", "--key").out


def test_a_list(clearsight):
    assert len(json.loads(clearsight("exercises", "--list", "--json").out)) == 20
    assert "mcnemar" in clearsight("exercises", "--list").out


def test_a_class_from_sheet_to_points(clearsight, tmp_path):
    made = clearsight("exercises", "--seed", "7", "--only", "mcnemar,softmax", "--out", "sheet.html", "--template", "answers.toml")
    assert (made.code, made.out) == (0, "") and "wrote sheet.html" in made.err
    assert (tmp_path / "sheet.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    key = json.loads(clearsight("exercises", "--seed", "7", "--only", "mcnemar,softmax", "--json", "--key").out)
    text = (tmp_path / "answers.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["exercises"] == ["softmax", "mcnemar"]
    for one in key["exercises"]:
        for part in one["parts"]:
            text = text.replace(f'\n{part["name"]} = ""', f'\n{part["name"]} = "{part["answer"]}"')
    (tmp_path / "answers.toml").write_text(text.replace(key["exercises"][1]["parts"][0]["answer"], "0.9"), encoding="utf-8")
    said = clearsight("exercises", "--check", "answers.toml")
    again = clearsight("exercises", "--seed", "7", "--only", "mcnemar,softmax", "--template", "answers.toml")
    assert again.code == 2 and "may have answers" in again.err
    both = clearsight("exercises", "--only", "cell", "--out", "a.md", "--template", "a.md")
    assert both.code == 2 and "two names" in both.err and not (tmp_path / "a.md").exists()
    assert "4 of 6 points" in said.out and "Not right." in said.out and "Right." in said.out
    assert max(map(len, said.out.splitlines())) <= 80
    checked = json.loads(clearsight("exercises", "--check", ".", "--seed", "7", "--out", "points.csv", "--json").out)
    assert [one["points"] for one in checked] == [4]
    assert (
        (tmp_path / "points.csv")
        .read_text(encoding="utf-8")
        .startswith("student,file,exercise,part,points,of,comment\n,answers.toml,softmax")
    )


def test_a_student_has_numbers_of_their_own(clearsight):
    words = ("exercises", "--only", "cell", "--seed", "7", "--json")
    ada, alan = (json.loads(clearsight(*words, "--student", name).out) for name in ("Ada", "Alan"))
    assert ada["exercises"][0]["grids"] != alan["exercises"][0]["grids"]


def test_mistakes_are_explained(clearsight, tmp_path):
    (tmp_path / "a.toml").write_text("seed = 8\n[cell]\nvalue = 1", encoding="utf-8")
    for words, says in (
        (("--only", "sel"), "no exercise is called 'sel'"),
        (("--topics", "pool"), "Did you mean pooling"),
        (("--only", "cell", "--out", "sheet.docx"), ".html, .pdf, .md, .xml"),
        (("--check", "a.toml", "--seed", "7"), "the seed 8, not 7"),
        (("--check", "a.toml", "--out", "points.pdf"), ".csv"),
    ):
        said = clearsight("exercises", *words)
        assert said.code == 2 and says in said.err, said.err
