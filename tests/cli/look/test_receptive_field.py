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


def test_the_field_grows_and_its_weights_are_counted(clearsight, tmp_path):
    stack = ("look", "receptive-field", "conv3x3 conv3x3 conv3x3", "--input", "16x16x64")
    run = clearsight(*stack, "--channels", "64", "--measure", "--json", "--out", "grown.png")
    rows = json.loads(run.out)
    assert [row["measured"] for row in rows] == [[3, 3], [5, 5], [7, 7]] == [row["size"] for row in rows], run.err
    assert (rows[2]["weights"], rows[2]["weights_of_one"]) == (27 * 64**2, 49 * 64**2)
    text = clearsight(*stack, "--out", "pyramid.png").out
    assert "27C²" in text and "49C²" in text and max(map(len, text.splitlines())) <= 80
    assert (tmp_path / "grown.png").read_bytes() != (tmp_path / "pyramid.png").read_bytes()
    refused = clearsight("look", "receptive-field", "lenet5", "--channels", "64")
    assert refused.code == 2 and "a stack of convolutions" in refused.err


def test_any_number_of_input_channels(clearsight):
    found = json.loads(clearsight("models", "conv64-3x3", "--input", "32x32x64", "--json").out)
    assert found[0]["parameters"] == 64 * (9 * 64 + 1)
