"""`clearsight look views`: what it prints is the loss of its own numbers."""

import json

from PIL import Image


def test_before_and_after(clearsight, scans):
    said = clearsight("look", "views", "lenet5", scans, "--before", "pixels", "--pictures", "3", "--out", "v.png", "--json", "--quiet")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert [one["name"] for one in found["networks"]] == ["pixels", "lenet5"] and len(found["networks"][0]["cosines"]) == 6
    assert found["nt_xent"] == sum(term["loss"] for term in found["terms"]) / 4
    with Image.open("v.png") as figure:
        assert figure.width == 1125
    said = clearsight("look", "views", "lenet5", scans, "--pictures", "2", "--quiet")
    assert "same image" in said.out and said.out.count("loss") == 4


def test_a_run_of_pretrain_has_its_own_views_and_start(clearsight, scans):
    pretrained = (
        "pretrain",
        scans,
        "--model",
        "lenet5",
        "--epochs",
        "1",
        "--augment",
        "crop:2",
        "--seed",
        "3",
        "--out",
        "features",
        "--quiet",
    )
    assert clearsight(*pretrained).code == 0
    words = ("look", "views", "runs/features", scans, "--pictures", "2", "--quiet", "--json")
    found = json.loads(clearsight(*words).out)
    assert [one["name"] for one in found["networks"]] == ["lenet5", "runs/features"]
    other = json.loads(clearsight(*words, "--before", "lenet5", "--augment", "crop:2").out)
    assert found["networks"][1] == other["networks"][1] and found["networks"][0] != other["networks"][0], "begun with the run's seed"
    words = (*words, "--seed", "3")
    found = json.loads(clearsight(*words).out)
    assert found == json.loads(clearsight(*words, "--before", "lenet5", "--augment", "crop:2").out)
    assert found != json.loads(clearsight(*words, "--augment", "crop:1").out)
