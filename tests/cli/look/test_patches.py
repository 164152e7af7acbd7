"""`clearsight look patches`: what activates a channel most."""

import json


def test_the_strongest_patches(clearsight):
    words = ("look", "patches", "resnet18", "digits", "--input", "32x32")
    said = json.loads(clearsight(*words, "--layer", "layer1", "--channel", "3", "--pictures", "40", "--most", "2", "--json").out)
    assert len(said) == 2 and said[0]["value"] >= said[1]["value"]
