"""`clearsight models --ilsvrc`, `--descent` and `--table`: tables with sources, each with a figure."""

import json


def test_the_winners(clearsight, tmp_path):
    said = clearsight("models", "--ilsvrc", "--out", tmp_path / "winners.svg")
    assert said.code == 0, said.err
    row = next(line for line in said.out.splitlines() if line.startswith("2015"))
    assert row.split() == ["2015", "MSRA", "ResNet", "152", "3.57", "%", "resnet152"]
    assert "a person: 5.1 %" in said.out and "28.2 %" in (tmp_path / "winners.svg").read_text()
    found = json.loads(clearsight("models", "--table", "ilsvrc", "--json").out)
    assert [(row["layers"], row["depth_here"]) for row in found["winners"] if row["network"]] == [(8, 8), (8, 8), (22, 22), (152, 152)]


def test_the_descent(clearsight, tmp_path):
    said = clearsight("models", "--descent", "--out", tmp_path / "descent.svg")
    assert said.code == 0 and "Neocognitron" in said.out and "ConvNeXt" in (tmp_path / "descent.svg").read_text()
    assert json.loads(clearsight("models", "--descent", "--json").out)[1]["after"] == ["cells"]


def test_the_lectures_26_models(clearsight, tmp_path):
    said = clearsight("models", "--table", "keras", "--out", tmp_path / "keras.svg")
    lines = said.out.splitlines()
    assert lines[1].split() == ["Xception", "88", "MB", "0.790", "0.945", "22,910,480", "126", "126", "71"]
    assert lines[4].split()[:3] == ["ResNet50", "98", "MB"] and "–" in lines[4] and max(map(len, lines[:27])) <= 80
    assert "26 of 26 counts of parameters" in said.out and "NASNetLarge" in (tmp_path / "keras.svg").read_text()
    assert len(json.loads(clearsight("models", "--table", "keras", "--json").out)) == 26
    assert clearsight("models", "vgg16", "--ilsvrc").code == 2


def test_the_parameters_of_softmax_regression(clearsight, tmp_path):
    said = clearsight("models", "--table", "softmax", "--out", tmp_path / "softmax.svg")
    lines = said.out.splitlines()
    assert lines[3].split() == ["CIFAR-10", "32×32×3", "3,072", "30,730", "3,073,000"] and max(map(len, lines)) <= 80
    assert "150,529,000" in lines[4] and "150,529,000" in (tmp_path / "softmax.svg").read_text()
    assert json.loads(clearsight("models", "--table", "softmax", "--json").out)[0] == {
        "picture": "digits", "input_size": [1, 8, 8], "classes": 10, "parameters": 650, "pixels": 64,
    }  # fmt: skip
