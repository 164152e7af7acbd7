"""Somebody else's weights are a classifier like any other: it answers, is saved, and computes the same afterwards."""

import torch
from skimage import data as photographs

import clearsight
from clearsight import models


def test_a_file_of_weights_becomes_an_artefact(tmp_path):
    model = models.build("resnet18", 6, seed=1).eval()
    torch.save(model.state_dict(), tmp_path / "resnet18.pth")
    classifier = clearsight.load(f"torchvision:{tmp_path / 'resnet18.pth'}")
    answer = classifier.classify(photographs.chelsea())
    x = classifier.preprocessing.normalise(classifier.preprocessing.load(photographs.chelsea())[None])
    with torch.no_grad():
        assert answer.index == int(model(x).argmax()) and answer.label == str(answer.index)
    clearsight.save(classifier, tmp_path / "saved", [photographs.chelsea()])
    assert clearsight.verify(tmp_path / "saved").ok
    assert clearsight.load(tmp_path / "saved").preprocessing == models.preprocessing("resnet18")
