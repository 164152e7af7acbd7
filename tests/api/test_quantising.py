"""Calibration and judgement are of different pictures: the run's parts, or the halves of undivided data."""

import numpy as np
import pytest

from clearsight.api.quantising import sample_of
from clearsight.base.errors import UsageError
from clearsight.classifier import Classifier
from clearsight.images.preprocess import Preprocessing
from clearsight.models import build


@pytest.fixture(scope="module")
def classifier():
    return Classifier(build("pixels", 2, channels=1, height=8, width=8, seed=0), Preprocessing(1, 8, 8), ("a", "b"))


def test_undivided_data_are_halved(classifier):
    numbers = np.arange(40)
    data = (np.broadcast_to(3 * numbers[:, None, None], (40, 8, 8)).astype(np.uint8), np.array(["a", "b"])[numbers % 2])
    found = sample_of(classifier, "", data, quiet=True)
    assert found.calibration.shape == found.pictures.shape == (20, 1, 8, 8)
    calibrating, judging = ({int(picture[0, 0, 0]) for picture in part} for part in (found.calibration, found.pictures))
    assert calibrating | judging == set(range(0, 120, 3)), "each picture once"
    assert found.labels.tolist() == [int(picture[0, 0, 0]) // 3 % 2 for picture in found.pictures]


def test_without_data_it_says_so(classifier):
    with pytest.raises(UsageError, match=r"--calibrate DATA"):
        sample_of(classifier, "", None)
