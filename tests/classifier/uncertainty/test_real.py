"""A cup of coffee is no fish, monument, tool or windmill; skipped where the trained network's package is not installed."""

import numpy as np
import pytest
from skimage import data

from clearsight.classifier import load
from clearsight.training.api import train
from tests.real import lite0


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return train(
        "set:photos",
        from_=lite0(),
        tune="head",
        readout="auto",
        keep="last",
        val=0.0,
        out=str(tmp_path_factory.mktemp("photos") / "run"),
        quiet=True,
    )


def test_a_cup_of_coffee_and_a_cat_are_none_of_these(run):
    classifier = load(run.run)
    for picture in (data.coffee(), data.chelsea()):
        plain, asked = classifier.classify(picture), classifier.classify(picture, false_alarms=0.05)
        assert plain.label in classifier.classes, "without the question it is one of them"
        assert asked.label == "none of these" and asked.novelty == pytest.approx(plain.novelty)


def test_photographs_of_its_classes_are_not_refused_more_often_than_was_allowed(run):
    test = run.parts.parts["test"]
    answers = list(run.classifier.classify_many([test.source(i) for i in range(len(test))], false_alarms=0.05))
    refused = sum(answer.known is False for answer in answers)
    assert refused <= 4, "of 22: more than 4 has a chance of 0.3 % at 5 %"


def test_it_stores_no_picture(run):
    kept, train_part = run.classifier.reference, run.parts.parts["train"]
    assert kept.novelty.vectors.shape == (len(train_part), run.classifier.model.head.in_features)
    assert kept.novelty.source == kept.calibration.source == "cross-validation"
    assert len(kept.novelty.scores) <= len(train_part) and np.isfinite(kept.novelty.scores).all()
