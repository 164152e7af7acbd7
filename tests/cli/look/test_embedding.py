"""`clearsight look embedding`: the space of features."""

import json

import numpy as np


def test_the_space_of_features(clearsight, tmp_path):
    words = ("digits", "--input", "8x8x1", "--pictures", "40")
    said = json.loads(clearsight("look", "embedding", "pixels", *words, "--json", "--out", "space.png", "--npz", "s.npz").out)
    assert len(said["pictures"]) == 40 and said["dimensions"] == 64 and said["purity"] > 2 * said["chance"]
    assert np.load(tmp_path / "s.npz")["features"].shape == (40, 64)
    assert "test" in clearsight("look", "embedding", "pixels", *words, "--part", "tets").err
