import builtins
import csv
import json

import pyarrow.parquet
import pytest

from clearsight.base.errors import UsageError
from clearsight.cli.evaluate import evaluate
from clearsight.reports.predictions import write_table
from tests.evaluation.stand_in import judged

FOUND = judged([0, 1, 1], [0, 1, 0], ("label", 'a, "b"'))


def rows_of(path) -> list[dict]:
    if path.suffix == ".json":
        return json.loads(path.read_text())
    if path.suffix == ".parquet":
        return pyarrow.parquet.read_table(path).to_pylist()
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("kind", ["csv", "json", "parquet", "CSV"])
def test_every_kind_says_the_same(tmp_path, kind):
    path = tmp_path / f"answers.{kind}"
    write_table(FOUND, path)
    rows = rows_of(path)
    assert list(rows[0]) == ["source", "truth", "label", "confidence", "p:label", 'p:a, "b"']
    assert [row["truth"] for row in rows] == ["label", 'a, "b"', 'a, "b"']
    assert [row["label"] for row in rows] == ["label", 'a, "b"', "label"]
    assert float(rows[0]["confidence"]) == pytest.approx(FOUND.confidences[0])
    assert float(rows[1]["p:label"]) == pytest.approx(FOUND.probabilities[1, 0])


WORDS = ("", None, False, None, 0, "cpu", "plain", "torch", False, True)  # of `evaluate`, after --table


def test_a_table_that_cannot_be_written_is_refused_before_anything_is_computed(tmp_path, monkeypatch):
    monkeypatch.setattr("clearsight.evaluation.judge.judge", lambda *words, **named: pytest.fail("computed"))
    (tmp_path / "a.csv").mkdir()
    for name, says in (("answers.xls", "no kind of table"), ("a.csv", "--table takes a file")):
        with pytest.raises(UsageError, match=says):
            evaluate.callback("runs/none", None, "test", str(tmp_path / name), *WORDS)


def test_another_kind_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"no kind of table is called '\.xls'.*\.csv"):
        write_table(FOUND, tmp_path / "answers.xls")


def test_parquet_without_pyarrow(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match="needs pyarrow"):
        write_table(FOUND, tmp_path / "answers.parquet")
