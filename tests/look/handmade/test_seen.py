"""Hand-designed features of one picture, of every kind."""

import numpy as np
import pytest
from torch import nn

from clearsight import models
from clearsight.look.handmade.seen import by_hand, designed, natural_size, seen, subject_by_hand, written

PICTURE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", [name for family in models.HANDMADE for name in family.TABLE])
def test_every_feature_of_the_registry_can_be_seen(name) -> None:
    subject = subject_by_hand(name, PICTURE)
    model = designed(subject.model)
    found = seen(subject, model, PICTURE)
    assert by_hand(name) and found.picture.shape == (40, 60, 3) and np.isfinite(found.vector).all()
    if found.kind != "SIFT descriptor":  # of which the words are learnt
        np.testing.assert_array_equal(found.vector, model.features(subject.inputs(PICTURE))[0].detach().numpy())
    said = found.to_json()
    assert said["dimensions"] == len(said["vector"]) and found.sentence and "vector" in found.arrays()


def test_pixels_are_brightness_in_rows() -> None:
    grey = np.array([[0, 51], [102, 255]], np.uint8)
    subject = subject_by_hand("pixels", grey)
    assert written(seen(subject, designed(subject.model), grey).vector) == "(0, 0.2, 0.4, 1)"


def test_a_vector_is_written_short() -> None:
    assert written(np.array([0.25, -0.5, 0, 1, 2, 3, 4], np.float32), 3) == "(0.25, −0.5, 0, … 7 numbers)"


def test_the_size_is_the_pictures_own_up_to_128_px() -> None:
    assert natural_size(PICTURE) == (3, 40, 60) and natural_size(np.zeros((8, 8), np.uint8)) == (1, 8, 8)
    assert natural_size(np.zeros((256, 512, 3), np.uint8)) == (3, 128, 256)


def test_other_networks_have_none() -> None:
    assert designed(nn.Sequential(nn.Conv2d(1, 2, 3))) is None and not by_hand("lenet5")
