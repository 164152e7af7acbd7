"""`clearsight look robustness`: features under changes, as text, figure and JSON."""

import json


def test_robustness(clearsight, scans, tmp_path):
    words = ("robustness", str(scans), "pixels", "hog", "--n", "12")
    said = clearsight("look", *words, "--out", "r.png")
    assert said.code == 0 and "translation" in said.out and (tmp_path / "r.png").is_file()
    assert [row["name"] for row in json.loads(clearsight("look", *words, "--json").out)] == ["pixels", "hog"]
