"""Answers as lines, as CSV and as JSON: each printed before the next is computed."""

import csv
import io
import json

from clearsight.classifier import Choice, Failure, Prediction
from clearsight.cli import answers as answers_module
from clearsight.cli.answers import print_csv, print_lines
from clearsight.cli.common import print_json_list

TOP = (Choice("cat", 0, 0.75), Choice("dog", 1, 0.25))


def test_an_answer_is_printed_before_the_next_is_computed(capsys):
    def answers():
        for name in ("1.png", "2.png"):
            yield Prediction(name, "cat", 0, 0.75, TOP)
            assert name in capsys.readouterr().out

    print_lines(answers(), ["1.png"], ("cat", "dog"))
    print_json_list(answer.source for answer in answers())
    assert capsys.readouterr().out == "]\n"


def test_on_a_terminal_lines_fit_and_a_path_keeps_its_end(capsys, monkeypatch):
    monkeypatch.setattr(answers_module, "edge", lambda: 60)
    name = "photographs/of/my/holidays/in/the/mountains/1234.jpg"
    made = Prediction(name, "cat", 0, 0.75, (Choice("cat", 0, 0.75), Choice("a dog of a long name", 1, 0.25)))
    print_lines([made, Failure(name, "cut off")], [name], ("cat", "a dog of a long name"))
    said = capsys.readouterr()
    header, line = said.out.splitlines()
    assert max(map(len, (header, line))) <= 60 and line.startswith("…") and "1234.jpg  cat" in line and line.endswith("…")
    assert said.err == f"clearsight: cannot read {name}: cut off\n"


def test_csv_has_a_row_for_each_with_what_is_known_of_it(capsys):
    print_csv(
        [
            Prediction("a,b.png", "cat", 0, 0.75, TOP, novelty=0.125, labels=("cat", "dog")),
            Failure("=bad.png", "cut off"),
            Prediction("c.png", "dog", 1, 1.0, (Choice("dog", 1, 1.0),)),
        ],
        top=2,
    )
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert rows == [
        ["source", "label", "confidence", "novelty", "set", "error", "label 2", "confidence 2"],
        ["a,b.png", "cat", "0.75", "0.125", "cat;dog", "", "dog", "0.25"],
        ["'=bad.png", "", "", "", "", "cut off", "", ""],
        ["c.png", "dog", "1.0", "", "", "", "", ""],
    ]


def test_csv_is_what_json_is(clearsight, trained, scans):
    folder = scans / "two"
    rows = list(csv.DictReader(io.StringIO(clearsight("classify", trained["run"], folder, "--csv", "--top", "2").out)))
    same = json.loads(clearsight("classify", trained["run"], folder, "--json", "--top", "2").out)
    expected = [(one["source"], one["label"], one["confidence"], one["top"][1]["label"]) for one in same]
    assert [(row["source"], row["label"], float(row["confidence"]), row["label 2"]) for row in rows] == expected and len(rows) == 30
    both = clearsight("classify", trained["run"], folder, "--csv", "--json")
    assert both.code == 2 and "two ways of printing the same" in both.err
