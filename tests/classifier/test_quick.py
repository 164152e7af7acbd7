"""The lecture's first slide: a function from a picture to a class."""

import os

import numpy as np
import pytest

import clearsight
from clearsight import models
from clearsight.base.errors import UsageError
from clearsight.classifier import Classifier, save
from clearsight.classifier.quick import newest
from clearsight.images.preprocess import Preprocessing

PICTURE = np.random.default_rng(0).integers(0, 256, (6, 6, 1), dtype=np.uint8)


def classifier(best: int) -> Classifier:
    """Always answers with class `best` of 3."""
    model = models.build("pixels", 3, channels=1, height=4, width=4, seed=0)
    model.head.bias.data[best] = 100
    return Classifier(model, Preprocessing(1, 4, 4), ("a", "b", "c"), architecture="pixels")


def test_the_class_of_a_picture_by_a_named_folder_or_the_newest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="no classifier under runs"):
        clearsight.classify(PICTURE)
    for name, best, age in (("old", 1, 100), ("new", 2, 0)):
        save(classifier(best), tmp_path / "runs" / name)
        written = tmp_path / "runs" / name / "config.json"
        os.utime(written, (written.stat().st_atime, written.stat().st_mtime - age))
    (tmp_path / "runs" / "begun").mkdir()  # not finished
    assert newest().name == "new" and newest(tmp_path / "runs").name == "new"
    index = clearsight.classify(PICTURE)
    assert isinstance(index, int) and index == 2 and clearsight.classify(PICTURE, "runs/old") == 1


def test_a_folder_that_was_written_again_is_read_again(tmp_path):
    save(classifier(0), tmp_path / "m")
    assert clearsight.classify(PICTURE, tmp_path / "m") == 0
    save(classifier(2), tmp_path / "m")
    os.utime(tmp_path / "m" / "config.json", ns=(0, 10**18))
    assert clearsight.classify(PICTURE, tmp_path / "m") == 2
