"""Results are read as JSON, shown as a table and saved, each from its fields and rows."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from clearsight.base.errors import UsageError
from clearsight.base.result import Result, columns, jsonable


@dataclass(frozen=True)
class Part:
    name: str
    share: float


@dataclass(frozen=True)
class Found(Result):
    n: int
    least: float
    where: Path
    counts: np.ndarray
    parts: tuple[Part, ...]

    def headline(self):
        return f"{self.n} pictures"


@dataclass(frozen=True)
class Ranked(Found):
    def rows(self):
        return [{"name": part.name, "share": part.share} for part in self.parts]


FIELDS = (3, float("inf"), Path("a") / "b", np.array([[1, 2], [3, 4]]), (Part("cat", 0.25), Part("=dog()", 0.5)))
JSON = {
    "n": 3,
    "least": None,
    "where": str(Path("a") / "b"),
    "counts": [[1, 2], [3, 4]],
    "parts": [{"name": "cat", "share": 0.25}, {"name": "=dog()", "share": 0.5}],
}


def test_json_has_the_fields_and_no_number_that_json_lacks():
    assert Found(*FIELDS).to_json() == JSON
    assert jsonable({1: float("nan"), "a": (True, None)}) == {"1": None, "a": [True, None]}


def test_a_table_has_the_headline_and_aligned_columns():
    assert Ranked(*FIELDS).table() == "3 pictures\n\nname    share\ncat      0.25\n=dog()    0.5"
    assert Found(*FIELDS).table().splitlines()[2:] == ["figure  value", "n       3", "least   –", f"where   {Path('a') / 'b'}"]
    assert columns([]) == "" and columns([{"a": 1234}, {"b": "x"}]) == "    a  b\n1,234\n       x"


def test_what_is_saved_follows_from_the_suffix(tmp_path):
    found = Ranked(*FIELDS)
    assert json.loads(found.save(tmp_path / "new" / "found.json").read_text()) == JSON
    rows = list(csv.DictReader(found.save(tmp_path / "found.CSV").read_text().splitlines()))
    assert rows[0] == {"name": "cat", "share": "0.25"}
    assert rows[1]["name"] != "=dog()"  # no formula for a spreadsheet
    assert found.save(str(tmp_path / "found.txt")).read_text() == found.table() + "\n"
    with pytest.raises(UsageError, match=r"'\.xlsx'.*\.json, \.csv, \.txt"):
        found.save(tmp_path / "found.xlsx")
