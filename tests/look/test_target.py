"""What a name means: a folder, weights of others, a network, a formula."""

import numpy as np
import pytest
import torch
from torch import nn

from clearsight import models
from clearsight.base.errors import UsageError
from clearsight.classifier import Classifier, save
from clearsight.images.preprocess import Preprocessing
from clearsight.look.target import Subject, subject

GREY = np.full((6, 5), 128, np.uint8)


def test_a_network_of_the_registry_is_built_from_its_seed():
    found = subject("lenet5", (3, 28, 30), classes=4, seed=2)
    expected = models.build("lenet5", 4, channels=3, height=28, width=30, seed=2)
    assert (found.trained, found.classes, found.input_size, found.legal) == (False, (), (3, 28, 30), "")
    assert all(torch.equal(a, b) for a, b in zip(found.model.state_dict().values(), expected.state_dict().values(), strict=True))
    assert subject("lenet5").input_size == (1, 32, 32) and subject("lenet5").model.head.out_features == 10


def test_a_formula_without_a_classifier_is_its_layers():
    found = subject("conv4-3x3 relu", (1, 8, 8))
    assert isinstance(found.model, nn.Sequential) and found.model(torch.zeros(1, 1, 8, 8)).shape == (1, 4, 6, 6)


def test_a_folder_is_a_trained_classifier(tmp_path):
    model = models.build("pixels", 2, channels=1, height=4, width=4, seed=0)
    save(Classifier(model, Preprocessing(1, 4, 4), ("cat", "dog"), architecture="pixels"), tmp_path / "model")
    found = subject(str(tmp_path / "model"))
    assert (found.trained, found.classes, found.input_size) == (True, ("cat", "dog"), (1, 4, 4))
    with pytest.raises(UsageError, match="leave --input and --classes out"):
        subject(str(tmp_path / "model"), (1, 8, 8))


def test_classes_by_name_and_by_number():
    found = Subject("x", nn.Identity(), Preprocessing(1, 4, 4), True, ("cat", "dog", "0"))
    assert (found.index("dog", 3), found.index("0", 3), found.index("1", 3)) == (1, 2, 1)  # a name comes before a number
    assert found.label(1) == "dog" and Subject("x", nn.Identity(), Preprocessing(1, 4, 4), False).label(1) == "1"
    with pytest.raises(UsageError, match="dog"):
        found.index("dgo", 3)
    with pytest.raises(UsageError, match="no class"):
        found.index("3", 3)


def test_a_picture_is_shown_in_colour_and_seen_normalised():
    found = Subject("x", nn.Identity(), Preprocessing(1, 4, 4, mean=(0.5,), std=(0.25,)), True)
    shown, seen = found.shown(GREY[..., None]), found.inputs(GREY[..., None])
    assert shown.shape == (4, 4, 3) and set(shown.flatten()) == {128}
    torch.testing.assert_close(seen, torch.full((1, 1, 4, 4), (128 / 255 - 0.5) / 0.25))


def test_an_unknown_name_says_what_is_near():
    with pytest.raises(UsageError, match="Did you mean resnet18"):
        subject("resnet1")
