"""`clearsight look features`: feature maps of a picture."""

import json

import numpy as np


def test_maps_by_stage(clearsight, picture, tmp_path):
    said = json.loads(clearsight("look", "features", "resnet18", picture, "--input", "32x32", "--json", "--out", "f.html").out)
    assert said["layer1"]["shape"] == [64, 32, 32] and len(said["layer1"]["channels"]) == 16
    page = (tmp_path / "f.html").read_text(encoding="utf-8")
    assert "\nmaps(document" in page and "resnet18 (untrained weights)" in page


def test_hand_designed_features(clearsight, picture, tmp_path):
    said = clearsight("look", "features", "hog", "noise.png", "--out", "f.svg", "--npz", "f.npz")
    assert said.code == 0 and "vector  (" in said.out and "strokes along the edges" in (tmp_path / "f.svg").read_text(encoding="utf-8")
    assert "not trained" not in said.err and max(map(len, said.out.splitlines())) <= 80
    assert np.load(tmp_path / "f.npz")["cells"].shape[2] == 18
    assert json.loads(clearsight("look", "features", "histogram", picture, "--json").out)["dimensions"] == 96


def test_a_layer_without_maps_is_an_error(clearsight, picture):
    said = clearsight("look", "features", "lenet5", picture, "--layer", "fc3")
    assert said.code == 1 and "fc3 has no rows and columns" in said.err
