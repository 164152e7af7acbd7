"""`clearsight look preprocessing`: what a network is shown, and what mistakes would do."""

import json


def test_stages_and_mistakes(clearsight, picture):
    said = json.loads(clearsight("look", "preprocessing", "resnet18", picture, "--json", "--out", "x.png").out)
    assert [one["name"] for one in said["stages"]] == ["file", "size", "numbers"]
    assert said["answers"][0]["mistake"] == "" and "normalised twice" in {one["mistake"] for one in said["answers"]}
