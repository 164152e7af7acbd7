"""The contract tests that users run on theirs pass what keeps the contract and name what breaks it."""

import os

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from clearsight import testing


def flat(*more, classes=3):
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, classes), *more)


class Coupled(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3 * 32 * 32, 3)

    def forward(self, x):
        return self.fc((x - x.mean(0)).flatten(1))


class Unused(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 2)
        self.fc = nn.Linear(3 * 32 * 32, 3)

    def forward(self, x):
        return self.fc(x.flatten(1))


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (flat(nn.Softmax(1)), "last layer"),
        (flat(classes=4), r"logits \(2, 3\)"),
        (nn.Flatten(), "no linear layer"),
        (Coupled, "depend on the other pictures"),
        (Unused, r"no gradient reaches net\.first\.weight"),
    ],
)
def test_networks(model, says):
    testing.check_model(flat())
    testing.check_model(lambda classes, channels, height, width: nn.Sequential(nn.Flatten(), nn.Linear(channels * height * width, classes)))
    with pytest.raises(AssertionError, match=says):
        testing.check_model(model)


def scaled_by_the_batch(logits, labels):
    return F.cross_entropy(logits, labels, reduction="none") / len(labels)


@pytest.mark.parametrize(
    ("loss", "says"),
    [
        (F.cross_entropy, "a loss for each picture"),
        (scaled_by_the_batch, "depends on the other pictures"),
        (lambda logits, labels: (logits.argmax(1) != labels).float(), "without a gradient"),
        (lambda logits, labels: 0 * logits.sum(1), "do not depend on the logits"),
        (lambda logits, labels: logits.clamp(max=-9).log().sum(1), "not finite|depends on"),
    ],
)
def test_losses(loss, says):
    testing.check_objective(lambda logits, labels: F.cross_entropy(logits, labels, reduction="none"))
    with pytest.raises(AssertionError, match=says):
        testing.check_objective(loss)


def in_place(scores, pictures, labels, epsilon):
    labels += 1
    return pictures


@pytest.mark.parametrize(("attack", "says"), [(in_place, "changes its inputs"), (lambda s, x, y, e: x + 0.2, "within|at most")])
def test_attacks(attack, says):
    testing.check_attack(lambda scores, pictures, labels, epsilon: (pictures - epsilon).clamp(0, 1))
    with pytest.raises(AssertionError, match=says):
        testing.check_attack(attack)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda x: x.float(), "not uint8"),
        (lambda x: x.fill_(0), "in place"),
        (lambda x: torch.frombuffer(bytearray(os.urandom(x.numel())), dtype=torch.uint8).view(x.shape), "other generators"),
    ],
)
def test_augmentations(change, says):
    testing.check_augmentation(lambda x: x.roll(int(torch.randint(8, ())), 2))
    with pytest.raises(AssertionError, match=says):
        testing.check_augmentation(change)


class Own:
    def __init__(self, items, classes=None):
        self.items, self.classes = items, classes

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]


GREY = np.zeros((8, 8), np.uint8)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (Own([(GREY, "a"), (GREY, "a")]), "at least 2 classes"),
        (Own([(GREY, "a"), (GREY[:4], "b")]), "one size"),
        (Own([GREY]), r"\(picture, class\)"),
        (Own([]), "empty"),
        (Own([("no-such.png", "a"), ("no-such-2.png", "b")]), "no-such"),
    ],
)
def test_datasets(data, says):
    testing.check_dataset(Own([(GREY, 0), (GREY, 1)], ["cat", "dog"]))
    with pytest.raises(AssertionError, match=says):
        testing.check_dataset(data)
