"""Features before the last layer, and their principal components against scikit-learn's."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from clearsight import models
from clearsight.classifier import Classifier
from clearsight.classifier import features as module
from clearsight.classifier.features import components, extract_features
from clearsight.datasets.open import open_dataset
from clearsight.images.preprocess import Preprocessing
from tests.pictures import digit_arrays


@pytest.mark.parametrize("shape", [(60, 20), (20, 60)], ids=str)
def test_components_are_scikit_learns(shape, monkeypatch):
    monkeypatch.setattr(module, "MAX_FEATURES", 6)
    vectors = torch.randn(*shape, generator=torch.Generator().manual_seed(0)) * torch.linspace(3, 0.1, shape[1])
    mean, directions = components(vectors)
    theirs = PCA(6, svd_solver="full").fit(vectors.double().numpy()).components_.T
    theirs *= np.sign(np.take_along_axis(theirs, np.abs(theirs).argmax(0)[None], 0))
    torch.testing.assert_close(mean, vectors.mean(0))
    np.testing.assert_allclose(directions, theirs, atol=1e-5)


def test_directions_without_any_spread_are_left_out():
    vectors = torch.zeros(4, 9)
    vectors[:, 0] = torch.arange(4.0)
    assert components(vectors)[1].shape == (9, 1)


@pytest.fixture(scope="module")
def data():
    return open_dataset(digit_arrays(per_class=5, classes=3)).parts["all"]


@pytest.fixture(scope="module")
def classifier():
    model = models.build("lenet5", 3, channels=1, height=8, width=8, seed=0)
    return Classifier(model, Preprocessing(1, 8, 8), ("0", "1", "2"), architecture="lenet5", temperature=2.0)


def test_features_and_calibrated_probabilities(classifier, data):
    features, shares = extract_features(classifier, data, quiet=True)
    inputs = classifier.preprocessing.normalise(torch.stack([classifier.preprocessing.load(data.source(i)) for i in range(len(data))]))
    with torch.no_grad():
        expected = classifier.model.eval().features(inputs)
        logits = classifier.model(inputs)
    torch.testing.assert_close(features, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(shares, torch.softmax(logits / 2, 1), rtol=1e-4, atol=1e-5)


def test_many_features_are_projected(classifier, data, monkeypatch):
    whole, _ = extract_features(classifier, data, quiet=True)
    monkeypatch.setattr(module, "MAX_FEATURES", 10)
    found, _ = extract_features(classifier, data, quiet=True)
    mean, directions = components(whole)
    assert found.shape == (15, 10)
    torch.testing.assert_close(found, (whole - mean) @ directions, rtol=1e-3, atol=1e-4)
