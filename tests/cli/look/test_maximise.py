"""`clearsight look maximise`: a picture that activates a channel."""

import json

from PIL import Image


def test_the_channel_rises(clearsight, tmp_path):
    words = ("look", "maximise", "lenet5", "--input", "28x28x1", "--layer", "conv1", "--channel", "2", "--steps", "3")
    said = json.loads(clearsight(*words, "--json", "--out", "ideal.png").out)
    assert len(said[0]["course"]) == 3 and said[0]["after"] > said[0]["before"]
    with Image.open(tmp_path / "ideal.png") as image:
        assert image.height > 160
