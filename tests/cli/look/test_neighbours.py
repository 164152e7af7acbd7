"""`clearsight look neighbours`: the nearest pictures in the space of features."""

import json


def test_the_nearest_come_first(clearsight, picture):
    words = ("digits", "--input", "8x8x1", "--pictures", "40")
    said = json.loads(clearsight("look", "neighbours", "pixels", picture, *words, "--most", "5", "--json", "--out", "near.png").out)
    assert len(said) == 5 and said[0]["cosine"] >= said[1]["cosine"]
