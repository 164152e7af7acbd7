"""`clearsight look features`: feature maps of a picture."""

import json


def test_maps_by_stage(clearsight, picture):
    said = json.loads(clearsight("look", "features", "resnet18", picture, "--input", "32x32", "--json", "--out", "f.html").out)
    assert said["layer1"]["shape"] == [64, 32, 32] and len(said["layer1"]["channels"]) == 16
