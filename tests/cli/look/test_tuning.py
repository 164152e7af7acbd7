"""`clearsight look tuning`."""

import json

from PIL import Image


def test_the_head_alone_is_trained(clearsight):
    found = json.loads(clearsight("look", "tuning", "lenet5", "--out", "t.png", "--json").out)
    assert found["parameters"] == 61706 and found["phases"] == [{"name": "training", "trained": ["fc3"], "parameters": 850}]
    with Image.open("t.png") as figure:
        assert figure.width == 1125
    said = clearsight("look", "tuning", "lenet5").out
    assert "850 of 61,706 parameters are trained (1.4%)" in said and said.count("frozen") == 4
