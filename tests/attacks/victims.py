"""Small classifiers to be attacked: a linear one whose best changes are known, and a convolutional one with fixed weights."""

import dataclasses

import torch
from torch import Tensor, nn

from clearsight.attacks.task import Task
from clearsight.classifier import Classifier
from clearsight.images.preprocess import Preprocessing

NAMES = ("one", "two", "three")


class Linear(nn.Module):
    """Two classes; the second leads the first by w·x + b."""

    def __init__(self, weights: Tensor, bias: float = 0.0) -> None:
        super().__init__()
        self.weights, self.bias = nn.Parameter(weights), bias

    def forward(self, x: Tensor) -> Tensor:
        ahead = (x * self.weights).flatten(1).sum(1) + self.bias
        return torch.stack([torch.zeros_like(ahead), ahead], 1)


def convnet(seed: int = 0, classes: int = 3, channels: int = 1) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = nn.Sequential(
            nn.Conv2d(channels, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 8, 3, stride=2), nn.ReLU(), nn.Dropout(0.5),
            nn.Flatten(), nn.Linear(72, classes),
        )  # fmt: skip
        with torch.no_grad():
            net[-1].weight.mul_(4)
    return net.eval()


def classifier(net: nn.Module | None = None, channels: int = 1, classes: int = 3) -> Classifier:
    names = NAMES if classes == 3 else tuple(map(str, range(classes)))
    return Classifier(net or convnet(classes=classes, channels=channels), Preprocessing(channels, 8, 8), names)


def pictures(n: int = 24, channels: int = 1, seed: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randint(0, 256, (n, channels, 8, 8), generator=generator, dtype=torch.uint8)
    noise[:, :, :2] = 0  # at the border of the range
    noise[:, :, 6:] = 255
    return noise


def task(epsilon: float = 0.05, n: int = 24, victim: Classifier | None = None, **more) -> Task:
    """Every label is what the classifier says, so that every picture is there to be fooled."""
    victim = victim or classifier()
    values = pictures(n, victim.preprocessing.channels).float() / 255
    with torch.no_grad():
        labels = victim.scores(values).argmax(1)
    return Task(victim.scores, values, labels, epsilon, torch.arange(n), **more)


def mid_grey(epsilon: float, n: int) -> Task:
    """Pictures away from the ends of the range, so that no change is clipped."""
    given = task(epsilon, n)
    return dataclasses.replace(given, pictures=torch.full((n, 1, 8, 8), 0.5) + 0.3 * given.pictures)


def labelled(n: int = 24) -> tuple[Classifier, Tensor, Tensor]:
    """A classifier, pictures, and what it predicts for them as their labels."""
    victim, values = classifier(), pictures(n)
    with torch.no_grad():
        return victim, values, victim.scores(values).argmax(1)
