"""Pictures attacked at their own size: the answers are those of `classify`, and the gradient goes through the resizing."""

import dataclasses

import numpy as np
import pytest
import torch

from clearsight.attacks.own_size import MOST_SIDE, AtOwnSize, own_size
from clearsight.attacks.picture import attack_picture
from clearsight.attacks.slider import slider
from clearsight.base.errors import UsageError
from clearsight.classifier import Classifier
from clearsight.exports.open import open_classifier
from clearsight.images.preprocess import Preprocessing
from tests.attacks.victims import NAMES, convnet

DRAWN = np.random.default_rng(0).integers(0, 256, (30, 41, 1), dtype=np.uint8)


def victim(**fit):
    return Classifier(convnet(), dataclasses.replace(Preprocessing(1, 8, 8), **fit), NAMES)


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "nearest"])
def test_uint8_is_answered_as_by_the_classifier_and_floats_nearly_so(fit, interpolation):
    known = victim(fit=fit, interpolation=interpolation, antialias=interpolation != "nearest")
    own, whole = AtOwnSize(known), own_size(known, DRAWN)[None]
    assert whole.shape == (1, 1, 30, 41)
    torch.testing.assert_close(own.logits(whole), known.logits(known.preprocessing.load(DRAWN)[None]))
    fitted = known.preprocessing.fit_batch(whole.float() / 255)
    assert float((fitted * 255 - known.preprocessing.fit_batch(whole)).abs().max()) <= 1.5
    leaf = (whole.float() / 255).requires_grad_()
    own.scores(leaf)[0, 0].backward()
    assert bool(leaf.grad.isfinite().all()) and bool((leaf.grad != 0).any())


def test_what_is_cropped_away_has_no_gradient():
    own = AtOwnSize(victim(fit="crop", crop_fraction=0.5, antialias=False))
    leaf = (own_size(own, DRAWN)[None].float() / 255).requires_grad_()
    own.scores(leaf)[0, 0].backward()
    rows, columns = torch.nonzero(leaf.grad[0, 0], as_tuple=True)
    assert int(rows.min()) >= 7 and int(rows.max()) < 23 and int(columns.min()) >= 12 and int(columns.max()) < 29


def test_a_huge_picture_is_fitted_first():
    assert own_size(victim(), np.zeros((4, MOST_SIDE + 1, 1), np.uint8)).shape == (1, 8, 8)


def test_an_exported_file_is_attacked_without_its_gradient(exported):
    known, picture = open_classifier(exported.fitted), np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    own, whole = AtOwnSize(known), own_size(known, picture)[None]
    torch.testing.assert_close(own.probabilities(whole), known.probabilities(known.preprocessing.load(picture)[None]))
    found = attack_picture(known, picture, epsilon=0.1, method="square", steps=20)
    assert found.box == "black" and found.pictures["after"].shape == (3, 40, 50)
    with pytest.raises(UsageError, match="no gradient"):
        slider(known, picture)
