"""Stored JSON: of the expected shape, or one clear error that names the file."""

import json
from dataclasses import dataclass

import pytest

from clearsight.base.errors import CorruptFile
from clearsight.base.stored import fitting, read_table, taken_from


@dataclass
class Row:
    name: str
    share: float
    count: int
    tags: list[str]
    note: str | None = None


def test_a_table_has_its_kinds_and_optional_ones(tmp_path):
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"seed": 3, "share": 1, "more": [1]}))
    assert read_table(path, "a run", {"seed": int, "share": float}, also={"name": str})["seed"] == 3


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[1]", "holds no JSON object"),
        ('{"seed": "3"}', "its 'seed' is missing or of the wrong kind"),
        ('{"seed": true}', "its 'seed' is missing or of the wrong kind"),
        ("{}", "its 'seed' is missing or of the wrong kind"),
        ('{"seed": 3, "name": 4}', "its 'name' is missing or of the wrong kind"),
        ('{"seed": 3', "is not valid JSON"),
        ('{"seed": 3, "seed": 4}', "a name is given twice"),
    ],
)
def test_another_shape_is_refused_by_name(tmp_path, content, says):
    path = tmp_path / "run.json"
    path.write_text(content)
    with pytest.raises(CorruptFile, match=says) as error:
        read_table(path, "a run", {"seed": int}, also={"name": str})
    assert str(path) in str(error.value)


def test_a_dataclass_of_values():
    assert fitting(Row, {"name": "a", "share": 1, "count": 2, "tags": ["x"]}) == Row("a", 1, 2, ["x"])
    for wrong in ({"count": True}, {"tags": ["x", 1]}, {"note": 3}, {"other": 1}, {"share": "1"}):
        with pytest.raises(TypeError):
            fitting(Row, {"name": "a", "share": 0.5, "count": 2, "tags": [], **wrong})


@pytest.mark.parametrize("error", [KeyError("seed"), TypeError("no"), IndexError("no"), ZeroDivisionError("no"), AttributeError("no")])
def test_errors_of_misshapen_values_name_the_file(tmp_path, error):
    with pytest.raises(CorruptFile, match=r"run\.json is not a run"), taken_from(tmp_path / "run.json", "a run"):
        raise error
    with pytest.raises(OSError, match="full"), taken_from(tmp_path / "run.json", "a run"):
        raise OSError("full")
