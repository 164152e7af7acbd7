"""`clearsight look preprocessing`: what a network is shown, and what mistakes would do."""

import json


def test_stages_and_mistakes(clearsight, picture):
    said = json.loads(clearsight("look", "preprocessing", "resnet18", picture, "--json", "--out", "x.png").out)
    assert [one["name"] for one in said["stages"]] == ["file", "size", "numbers"]
    assert said["answers"][0]["mistake"] == "" and "normalised twice" in {one["mistake"] for one in said["answers"]}


def test_a_pixel_is_followed_to_the_networks_number(clearsight, picture):
    words = ("look", "preprocessing", "resnet18", picture, "--at", "5,9")
    pixels = json.loads(clearsight(*words, "--json").out)["pixels"]
    assert [(one["colour"], one["row"], one["column"]) for one in pixels] == [("red", 5, 9), ("green", 5, 9), ("blue", 5, 9)]
    told = f"row 5, column 9, red: ({pixels[0]['level']} / 255 − 0.485) / 0.229 = {pixels[0]['value']:.6g}"
    assert told in clearsight(*words, "--out", "x.png").out
    assert "a row and a column" in clearsight("look", "preprocessing", "resnet18", picture, "--at", "5").err
