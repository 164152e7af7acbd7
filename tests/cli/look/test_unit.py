"""`clearsight look unit`: one number of a network computed again."""

import json

import pytest
from PIL import Image


def test_unit(clearsight, picture, tmp_path):
    words = ("look", "unit", "resnet18", picture, "--input", "32x32", "--layer", "conv1", "--channel", "17", "--at", "5,9")
    said = json.loads(clearsight(*words, "--json").out)
    assert said["value"] == pytest.approx(said["recomputed"], rel=1e-5) and len(said["contributions"]) == 3
    assert sum(said["contributions"]) + said["bias"] == pytest.approx(said["recomputed"])
    text = clearsight(*words, "--out", "unit.png")
    assert text.code == 0 and "equals the network's own value to 1e-5" in text.out and "not trained" in text.err
    with Image.open(tmp_path / "unit.png") as image:
        assert image.width > 500 and image.height > 300
    assert clearsight(*words[:-1], "99,0").code == 2
