"""`clearsight look`: the contract of its JSON, and figures that open."""

import json

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "noise.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)).save(path)
    return str(path)


def test_convolution(clearsight, tmp_path):
    said = clearsight("look", "convolution", "--json", "--out", "slide.gif")
    assert said.code == 0 and json.loads(said.out)["max_pool"] == [[104, 224], [217.5, 52.5]]
    with Image.open(tmp_path / "slide.gif") as image:
        assert image.n_frames == 16
    assert "transposed" in clearsight("look", "convolution").out
    assert clearsight("look", "convolution", "--example", "curve").out.endswith("another shape: 0\n")
    assert "= 6600" in clearsight("look", "convolution", "--example", "curve").out


def test_unit(clearsight, picture, tmp_path):
    words = ("look", "unit", "resnet18", picture, "--input", "32x32", "--layer", "conv1", "--channel", "17", "--at", "5,9")
    said = json.loads(clearsight(*words, "--json").out)
    assert said["value"] == pytest.approx(said["recomputed"], rel=1e-5) and len(said["contributions"]) == 3
    assert sum(said["contributions"]) + said["bias"] == pytest.approx(said["recomputed"])
    text = clearsight(*words, "--out", "unit.png")
    assert text.code == 0 and "equals the network's own value to 1e-5" in text.out and "not trained" in text.err
    with Image.open(tmp_path / "unit.png") as image:
        assert image.width > 500 and image.height > 300
    assert clearsight(*words[:-1], "99,0").code == 2


def test_summary_and_receptive_field(clearsight, tmp_path):
    said = json.loads(clearsight("look", "summary", "alexnet", "--json").out)
    assert said["parameters"] == 61_100_840 and set(said["layers"][0]) == {"name", "kind", "output", "parameters", "macs"}
    told = next(line for line in clearsight("look", "summary", "alexnet").out.splitlines() if "CONV1" in line)
    assert f"{4 * 64 * 55 * 55 / 1000:,.1f}" in told.split()
    rows = {row["layer"]: row for row in json.loads(clearsight("look", "receptive-field", "resnet18", "--json").out)}
    assert rows["conv1"] == {"layer": "conv1", "size": [7, 7], "stride": [2, 2], "padding": [3, 3, 3, 3], "status": "exact"}
    said = clearsight("look", "receptive-field", "conv3x3 conv3x3 conv3x3", "--input", "16x16x3", "--layer", "conv3", "--out", "f.png")
    assert "Three 3x3 convolutions see 7x7, with 27C² weights against 49C²" in said.out, said.err
    with Image.open(tmp_path / "f.png") as image:
        assert image.width > 700


def test_filters_features_and_patches(clearsight, picture, tmp_path):
    said = json.loads(clearsight("look", "filters", "alexnet", "--json", "--out", "f.svg", "--npz", "f.npz").out)
    assert said["shape"] == [64, 3, 11, 11] and len(said["filters"]) == 64
    assert np.load(tmp_path / "f.npz")["weights"].shape == (64, 3, 11, 11)
    assert "<svg" in (tmp_path / "f.svg").read_text(encoding="utf-8")
    said = json.loads(clearsight("look", "features", "resnet18", picture, "--input", "32x32", "--json", "--out", "f.html").out)
    assert said["layer1"]["shape"] == [64, 32, 32] and len(said["layer1"]["channels"]) == 16
    words = ("look", "patches", "resnet18", "digits", "--input", "32x32")
    said = json.loads(clearsight(*words, "--layer", "layer1", "--channel", "3", "--pictures", "40", "--most", "2", "--json").out)
    assert len(said) == 2 and said[0]["value"] >= said[1]["value"]


def test_mistakes_are_one_line(clearsight):
    assert "Did you mean filters" in clearsight("look", "filter", "alexnet").err
    said = clearsight("look", "convolution", "--out", "x.bmp")
    assert said.code == 2 and "ends in .png" in said.err


def test_why(clearsight, picture, tmp_path):
    words = ("look", "why", "lenet5", picture, "--input", "28x28x3", "--classes", "4")
    said = clearsight(*words, "--method", "integrated", "--json", "--out", "why.png", "--npz", "why.npz")
    found = json.loads(said.out)
    assert {"class", "probability", "method", "layer", "says", "blind", "checks", "misleading"} == set(found), said.err
    assert [check["check"] for check in found["checks"]] == ["deletion", "insertion", "learnt", "class", "complete"]
    assert np.load(tmp_path / "why.npz")["integrated"].shape == (28, 28)
    with Image.open(tmp_path / "why.png") as image:
        assert image.width > 700
    said = clearsight(*words, "--method", "all", "--no-checks", "--class", "2", "--out", "all.png")
    assert said.code == 0 and "rollout left out" in said.err and "saliency  2" in said.out
    assert "Did you mean grad-cam" in clearsight(*words, "--method", "gradcam").err
    assert clearsight(*words, "--class", "4").code == 2


def test_the_space_of_features(clearsight, picture, tmp_path):
    words = ("digits", "--input", "8x8x1", "--pictures", "40")
    said = json.loads(clearsight("look", "embedding", "pixels", *words, "--json", "--out", "space.png", "--npz", "s.npz").out)
    assert len(said["pictures"]) == 40 and said["dimensions"] == 64 and said["purity"] > 2 * said["chance"]
    assert np.load(tmp_path / "s.npz")["features"].shape == (40, 64)
    said = json.loads(clearsight("look", "neighbours", "pixels", picture, *words, "--most", "5", "--json", "--out", "near.png").out)
    assert len(said) == 5 and said[0]["cosine"] >= said[1]["cosine"]
    assert "test" in clearsight("look", "embedding", "pixels", *words, "--part", "tets").err


def test_preprocessing_and_maximise(clearsight, picture, tmp_path):
    said = json.loads(clearsight("look", "preprocessing", "resnet18", picture, "--json", "--out", "x.png").out)
    assert [one["name"] for one in said["stages"]] == ["file", "size", "numbers"]
    assert said["answers"][0]["mistake"] == "" and "normalised twice" in {one["mistake"] for one in said["answers"]}
    words = ("look", "maximise", "lenet5", "--input", "28x28x1", "--layer", "conv1", "--channel", "2", "--steps", "3")
    said = json.loads(clearsight(*words, "--json", "--out", "ideal.png").out)
    assert len(said[0]["course"]) == 3 and said[0]["after"] > said[0]["before"]
    with Image.open(tmp_path / "ideal.png") as image:
        assert image.height > 160


def test_augment(clearsight, tmp_path):
    said = clearsight("look", "augment", "digits", "--augment", "rotate:30 erase", "--pictures", "5", "--out", "sheet.png", "--json")
    assert said.code == 0 and [row["change"] for row in json.loads(said.out)] == ["rotate:30", "erase:0.25"], said.err
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.width > 8 * 96
    assert clearsight("look", "augment", "digits").code == 2
    assert clearsight("look", "augment", "digits", "--augment", "turn", "--out", "x.png").code == 2
