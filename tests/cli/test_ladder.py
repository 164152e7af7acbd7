"""`clearsight ladder`: one JSON document, a page, and the ladder in the report of each rung."""

import json
from pathlib import Path

from tests.pictures import digit_folder


def test_a_ladder_is_told_shown_and_in_every_rungs_report(clearsight, tmp_path):
    digit_folder(tmp_path / "data", per_class=25, classes=3, side=16)
    said = clearsight("ladder", "data", "--rungs", "majority,pixels,hog", "--size", "16", "--json", "-q", "--device", "cpu")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert [row["name"] for row in found["standings"]] == ["majority", "pixels", "hog"]
    page = (Path(found["folder"]) / "ladder.html").read_text(encoding="utf-8")
    for row in found["standings"][1:]:
        report = (Path(row["run"]) / "report.html").read_text(encoding="utf-8")
        assert "HOG over softmax on pixels" in report and "HOG over softmax on pixels" in page
    again = clearsight("ladder", "data", "--rungs", "majority,pixels,hog", "--size", "16", "--device", "cpu")
    assert again.code == 0 and "HOG" in again.out
    (Path(found["folder"]) / "ladder.json").write_text('{"standings": 3}')
    said = clearsight("evaluate", found["standings"][1]["run"])
    assert said.code == 1 and "ladder.json" in said.err
