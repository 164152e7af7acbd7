"""`clearsight look filters`: the filters of a layer, drawn and as numbers."""

import json

import numpy as np


def test_filters_of_the_first_layer(clearsight, tmp_path):
    said = json.loads(clearsight("look", "filters", "alexnet", "--json", "--out", "f.svg", "--npz", "f.npz").out)
    assert said["shape"] == [64, 3, 11, 11] and len(said["filters"]) == 64
    assert np.load(tmp_path / "f.npz")["weights"].shape == (64, 3, 11, 11)
    assert "<svg" in (tmp_path / "f.svg").read_text(encoding="utf-8")
