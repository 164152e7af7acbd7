"""`clearsight look softmax`: z, exp(z), sum and share, and the templates of `look filters`."""

import json

import numpy as np


def test_softmax_and_templates(clearsight, picture, tmp_path):
    words = ("softmax", "pixels", "noise.png", "--input", "8x8")
    said = clearsight("look", *words, "--out", "f.svg", "--npz", "f.npz")
    assert said.code == 0 and "equals the network's own value" in said.out and max(map(len, said.out.splitlines())) <= 80
    assert np.load(tmp_path / "f.npz")["evidence"].shape == (10, 8, 8)
    rows = json.loads(clearsight("look", *words, "--json").out)["classes"]
    assert len(rows) == 10 and abs(sum(row["p"] for row in rows) - 1) < 1e-9
    said = clearsight("look", "filters", "pixels", "--input", "8x8x1", "--out", "t.png")
    assert "650 parameters" in said.out and (tmp_path / "t.png").is_file()


def test_of_a_convolutional_network(clearsight, picture, tmp_path):
    said = clearsight("look", "softmax", "lenet5", "noise.png", "--most", "3", "--out", "s.html")
    assert said.code == 0 and "7 others" in said.out and "x·w" not in said.out
    assert "\nsoftmax(document" in (tmp_path / "s.html").read_text(encoding="utf-8")
