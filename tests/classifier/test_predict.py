"""Logits, probabilities and features of many pictures are those of each picture alone."""

import pytest
import torch
from torch import nn

from clearsight.classifier import Classifier, predict
from clearsight.datasets.loader import Held
from clearsight.images.preprocess import Preprocessing


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.ReLU())
        self.fc = nn.Linear(5, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.body(x))


@pytest.fixture
def classifier():
    torch.manual_seed(0)
    return Classifier(Net(), Preprocessing(3, 2, 2), ["a", "b", "c"], temperature=2.0)


@pytest.fixture
def pictures():
    drawn = torch.randint(0, 256, (7, 2, 2, 3), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    return Held([drawn], torch.zeros(7, dtype=torch.int64))


def alone(classifier, pictures):
    return torch.cat([classifier.logits(pictures.batch(torch.tensor([i]))) for i in range(len(pictures))])


def test_logits_and_probabilities_are_those_of_each_picture(classifier, pictures):
    expected = alone(classifier, pictures)
    for size in (0, 2, 7):
        torch.testing.assert_close(predict.logits(classifier, pictures, batch_size=size), expected)
        found = predict.probabilities(classifier, pictures, batch_size=size)
        torch.testing.assert_close(found, torch.softmax(expected / 2, 1))


def test_a_change_gets_the_pictures_and_their_indices(classifier, pictures):
    asked = []

    def blacken(batch, indices):
        asked.extend(indices.tolist())
        return torch.zeros_like(batch)

    found = predict.logits(classifier, pictures, batch_size=3, change=blacken)
    assert asked == list(range(7))
    torch.testing.assert_close(found, found[:1].expand(7, -1))


@pytest.mark.parametrize("views", ["", "mirror"])
def test_features_are_what_the_last_layer_is_given(classifier, pictures, views):
    classifier, indices = classifier.viewed(views), torch.tensor([4, 1, 6])
    found = list(predict.features_and_logits(classifier, "fc", pictures, indices))
    features, logits = (torch.cat(rows) for rows in zip(*found, strict=True))
    torch.testing.assert_close(logits, alone(classifier, pictures)[indices])
    torch.testing.assert_close(classifier.model.fc(features), logits)  # the head is linear: the mean over views passes through it
    assert not classifier.model.fc._forward_pre_hooks


def test_in_batches_computes_no_gradient():
    x = torch.arange(5.0, requires_grad=True)
    found = predict.in_batches(lambda part: 2 * part, x, 2)
    assert found.tolist() == [0, 2, 4, 6, 8] and not found.requires_grad
