"""What a figure is made of, without a network of the reader, and with an untrained one."""

import numpy as np

from clearsight.studio.compute.lecture.given import digit, example, given
from clearsight.studio.compute.session import Session


def test_the_reader_comes_first():
    session = Session()
    first = given(session, "", "")
    assert first.classifier is example() is first.answering and np.array_equal(first.picture, digit())
    assert "digits" in first.said(["network"]) and first.said(["network", "picture"]).endswith(", and a test digit")
    assert first.said([]) == ""
    untrained = given(session, "conv8-3x3 relu softmax", "")
    assert untrained.classifier is None and untrained.answering is example() and not untrained.subject.trained
