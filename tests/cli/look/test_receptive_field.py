"""`clearsight look receptive-field`: sizes in the picture, and a figure."""

import json

from PIL import Image


def test_sizes_and_a_figure(clearsight, tmp_path):
    rows = {row["layer"]: row for row in json.loads(clearsight("look", "receptive-field", "resnet18", "--json").out)}
    assert rows["conv1"] == {"layer": "conv1", "size": [7, 7], "stride": [2, 2], "padding": [3, 3, 3, 3], "status": "exact"}
    said = clearsight("look", "receptive-field", "conv3x3 conv3x3 conv3x3", "--input", "16x16x3", "--layer", "conv3", "--out", "f.png")
    assert "Three 3x3 convolutions see 7x7, with 27C² weights against 49C²" in said.out, said.err
    with Image.open(tmp_path / "f.png") as image:
        assert image.width > 700
