"""`clearsight look simple-cells`: JSON, arrays, figure, and the state of a network next to the filters."""

import json

import numpy as np
from PIL import Image

SMALL = ("--filters", "4", "--patch", "8", "--patches", "500", "--method", "ica", "--quiet")


def test_json_arrays_and_figure(clearsight, tmp_path):
    said = clearsight("look", "simple-cells", *SMALL, "--compare", "lenet5", "--npz", "f.npz", "--out", "f.png", "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert found["learnt"]["shape"] == [4, 8, 8] and len(found["learnt"]["fits"]) == 4 and found["learnt"]["cpu_seconds"] > 0
    assert [one["trained"] for one in found["networks"]] == [False] and found["networks"][0]["shape"] == [6, 5, 5]
    assert np.load("f.npz")["filters"].shape == (4, 8, 8)
    with Image.open("f.png") as figure:
        assert figure.width == 1125


def test_mistakes(clearsight):
    said = clearsight("look", "simple-cells", *SMALL, "--method", "pca")
    assert said.code == 2 and "sparse" in said.err
    said = clearsight("look", "simple-cells", "digits", *SMALL)
    assert said.code == 2 and "sides above" in said.err
