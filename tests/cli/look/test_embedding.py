"""`clearsight look embedding`: the space of features."""

import json

import numpy as np


def test_the_space_of_features(clearsight, tmp_path):
    words = ("digits", "--input", "8x8x1", "--pictures", "40")
    said = json.loads(clearsight("look", "embedding", "pixels", *words, "--json", "--out", "space.png", "--npz", "s.npz").out)
    assert len(said["pictures"]) == 40 and said["dimensions"] == 64 and said["purity"] > 2 * said["chance"]
    assert np.load(tmp_path / "s.npz")["features"].shape == (40, 64)
    assert "test" in clearsight("look", "embedding", "pixels", *words, "--part", "tets").err


def test_before_and_after_have_the_same_pictures(clearsight, tmp_path):
    words = ("digits", "--input", "8x8x1", "--pictures", "30", "--quiet")
    found = json.loads(clearsight("look", "embedding", "pixels", *words, "--before", "hog", "--json", "--out", "two.png").out)
    alone = json.loads(clearsight("look", "embedding", "hog", *words, "--json").out)
    assert found["before"].pop("name") == "hog" and found["before"] == alone and (tmp_path / "two.png").exists()
    assert [one["name"] for one in found["pictures"]] == [one["name"] for one in alone["pictures"]]
    assert "before hog (untrained weights): 30 pictures" in clearsight("look", "embedding", "pixels", *words, "--before", "hog").out
