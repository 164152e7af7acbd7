"""`clearsight labels curve`: one JSON document, a table, a figure."""

import json
from pathlib import Path

from PIL import Image

from tests.pictures import digit_folder, is_dark_slide


def test_a_curve_is_told_and_drawn(clearsight, tmp_path):
    digit_folder(tmp_path / "data", per_class=25, classes=3, side=16)
    begun = clearsight("train", "data", "--model", "pixels", "--recipe", "solved", "--out", "start", "-q")
    assert begun.code == 0, begun.err
    words = (
        "labels",
        "curve",
        "data",
        "--labels",
        "2,4",
        "--seeds",
        "2",
        "--methods",
        "linear",
        "--pretrained",
        "runs/start",
        "--device",
        "cpu",
    )
    said = clearsight(*words, "--json", "-q")
    assert said.code == 0 and said.err == "", said.err
    found = json.loads(said.out)
    assert [point["labelled"] for point in found["points"]["linear"]] == [6, 12]
    with Image.open(Path(found["folder"]) / "curve.png") as figure:
        assert figure.width > figure.height > 600
    again = clearsight(*words, "--size", "slide", "--theme", "dark")
    assert is_dark_slide(Path(found["folder"]) / "curve.png")
    assert again.code == 0 and "pretrained, linear" in again.out and "±" in again.out and "4/4" in again.err
