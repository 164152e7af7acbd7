"""`clearsight look views`: what it prints is the loss of its own numbers."""

import json

from PIL import Image


def test_before_and_after(clearsight, scans):
    said = clearsight("look", "views", "lenet5", scans, "--before", "pixels", "--pictures", "3", "--out", "v.png", "--json", "--quiet")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert [one["name"] for one in found["networks"]] == ["pixels", "lenet5"] and len(found["networks"][0]["cosines"]) == 6
    assert found["nt_xent"] == sum(term["loss"] for term in found["terms"]) / 4
    with Image.open("v.png") as figure:
        assert figure.width == 1125
    said = clearsight("look", "views", "lenet5", scans, "--pictures", "2", "--quiet")
    assert "same image" in said.out and said.out.count("loss") == 4
