"""`clearsight look why`: maps, checks, figures, and a method that is not there."""

import json

import numpy as np
from PIL import Image


def test_why(clearsight, picture, tmp_path):
    words = ("look", "why", "lenet5", picture, "--input", "28x28x3", "--classes", "4")
    said = clearsight(*words, "--method", "integrated", "--json", "--out", "why.png", "--npz", "why.npz")
    found = json.loads(said.out)
    assert {"class", "probability", "against", "method", "layer", "says", "blind", "checks", "misleading"} == set(found), said.err
    assert [check["check"] for check in found["checks"]] == ["deletion", "insertion", "learnt", "class", "complete"]
    assert np.load(tmp_path / "why.npz")["integrated"].shape == (28, 28)
    with Image.open(tmp_path / "why.png") as image:
        assert image.width > 700
    said = clearsight(*words, "--method", "all", "--no-checks", "--class", "2", "--out", "all.png")
    assert said.code == 0 and "rollout left out" in said.err and "saliency  2" in said.out
    rival = json.loads(clearsight(*words, "--method", "saliency", "--class", "2", "--against", "1", "--json", "--out", "rival.png").out)
    assert (rival["class"], rival["against"], rival["misleading"]) == ("2", "1", True)  # it has no sign: both questions have one map
    said = clearsight(*words, "--class", "2", "--against", "2")
    assert said.code == 2 and "another class than 2" in said.err
    assert "Did you mean grad-cam" in clearsight(*words, "--method", "gradcam").err
    assert clearsight(*words, "--class", "4").code == 2
