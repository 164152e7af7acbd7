"""Figures of the reader's network and picture: their numbers are the network's own."""

import pytest

from clearsight.studio.compute.lecture.given import given
from clearsight.studio.compute.lecture.own import EPSILONS, attack, maps, softmax
from clearsight.studio.compute.session import Session


@pytest.fixture(scope="module")
def of():
    return given(Session(), "", "")


def test_the_answer_is_the_classifiers(of):
    rows = softmax(of).data["rows"]
    told = of.classifier.classify(of.picture)
    assert rows[0]["label"] == told.label and rows[0]["probability"] == pytest.approx(told.confidence, abs=1e-5)


def test_maps_and_attack_are_of_the_picture(of):
    assert [stage["name"] for stage in maps(of).data["stages"]]
    steps = attack(of).data["steps"]
    told = of.classifier.classify(of.picture)
    assert steps[0]["label"] == told.label
    assert steps[0]["confidence"] == pytest.approx(told.confidence, abs=1e-3)  # the attack resizes in floats, not in levels
    assert len({step["label"] for step in steps}) > 1  # the slide shows a change that changes the answer
    assert steps[10]["epsilon"] == pytest.approx(EPSILONS[2]) and steps[-1]["epsilon"] == pytest.approx(64 / 255)
