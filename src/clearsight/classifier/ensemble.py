"""Several networks that answer as one: the scores of an ensemble are the log of the mean of its members' probabilities.

A. Krizhevsky, I. Sutskever, G. Hinton, ImageNet classification with deep convolutional neural networks, 2012, section 6: seven networks
bring the top-5 error from 18.2 % to 15.4 %. An ensemble is one network by name, such as `7 × alexnet` or `swift + resnet18`.

Shapes: N pictures, C channels, K classes.
"""

import math
import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import torch
from torch import Tensor, nn

from .. import weights
from ..base.errors import UsageError, listed
from ..images.preprocess import Preprocessing
from ..weights.licence import inherited
from .classifier import Classifier

MOST = 100
TIMES = re.compile(r"(\d{1,4}) × (.+)")


class Member(nn.Module):
    """A network that takes the ensemble's inputs `(N, C, H, W)` and gives log probabilities, float32 `(N, K)`, of the ensemble's classes.

    What it was trained with goes with it, as values: `scale` and `shift` turn the ensemble's normalisation into its own, `temperature`
    is its own, `order` `(K,)` says where its scores of the ensemble's classes are.
    """

    scale: Tensor
    shift: Tensor
    temperature: Tensor
    order: Tensor

    def __init__(self, network: nn.Module, channels: int, classes: int) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("scale", torch.ones(channels, 1, 1))
        self.register_buffer("shift", torch.zeros(channels, 1, 1))
        self.register_buffer("temperature", torch.ones(()))
        self.register_buffer("order", torch.arange(classes))

    def forward(self, x: Tensor) -> Tensor:
        """Log probabilities of inputs in float32 or, where the network is, in bfloat16."""
        scores = self.network(x * self.scale.to(x.dtype) + self.shift.to(x.dtype)).float()
        return torch.log_softmax(scores[:, self.order] / self.temperature, 1)


class Ensemble(nn.Module):
    """Its stages are those of all members, `members.0.network.…` first."""

    def __init__(self, members: Sequence[Member]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.STAGES = tuple(f"members.{k}.network.{name}" for k, one in enumerate(members) for name in getattr(one.network, "STAGES", ()))

    def forward(self, x: Tensor) -> Tensor:
        """The log of the mean probability, `(N, K)`, of inputs `(N, C, H, W)`."""
        answers = torch.stack([member(x) for member in self.members])
        return torch.logsumexp(answers, 0) - math.log(len(self.members))


def named(architectures: Sequence[str]) -> str:
    """What the ensemble of such networks is called."""
    return " + ".join(f"{len(list(same))} × {name}" for name, same in groupby(architectures))


def members(name: str) -> list[str]:
    """The networks of the ensemble `name`; none if it is the name of a single network. Raises UsageError for too many."""
    found: list[str] = []
    for part in name.split(" + "):
        times = TIMES.fullmatch(part)
        if not times:
            return []
        if len(found) + int(times[1]) > MOST:
            raise UsageError(f"an ensemble has up to {MOST} members. Got {name!s:.100}.")
        found += [times[2]] * int(times[1])
    return found


def build(name: str, classes: int, *, channels: int, height: int, width: int, seed: int | None = None) -> nn.Module:
    """What `weights.build` builds, and the ensembles of such networks."""
    size = {"channels": channels, "height": height, "width": width}
    found = members(name)
    if not found:
        return weights.build(name, classes, **size, seed=seed)
    return Ensemble([Member(weights.build(one, classes, **size, seed=seed), channels, classes) for one in found])


def join(classifiers: Sequence[Classifier], facts: dict[str, Any] | None = None) -> Classifier:
    """The ensemble of classifiers of the same classes, by name, in the table and the normalisation of the first; it shares their weights.

    Raises UsageError where pictures are prepared or viewed in different ways, where classes differ, for an ensemble, for a
    classifier that was made faster.
    """
    first = classifiers[0]
    made = []
    for number, one in enumerate(classifiers, 1):
        _require_alike(first, one, number)
        made.append(_member(first, one))
    name = named([one.architecture for one in classifiers])
    members(name)
    whole = Ensemble(made).to(first.device)
    told = {**inherited(*(one.facts for one in classifiers)), **(facts or {})}
    return Classifier(whole, first.preprocessing, first.classes, architecture=name, views=first.views, facts=told)


def _member(first: Classifier, one: Classifier) -> Member:
    made = Member(one.model, first.preprocessing.channels, len(first.classes))
    mean, std, own_mean, own_std = (
        torch.tensor(row, dtype=torch.float64)[:, None, None]
        for of in (first.preprocessing, one.preprocessing)
        for row in (of.mean, of.std)
    )
    made.scale.copy_(std / own_std)
    made.shift.copy_((mean - own_mean) / own_std)
    made.temperature.fill_(one.temperature)
    made.order.copy_(torch.tensor([one.classes.index(label) for label in first.classes]))
    return made


def _require_alike(first: Classifier, one: Classifier, number: int) -> None:
    if not one.architecture or one.speed != "plain":
        raise UsageError(f"member {number} has no network of the registry with its own weights: join classifiers as they are loaded.")
    if members(one.architecture):
        raise UsageError(f"member {number} is an ensemble ({one.architecture}): name the runs that it was made of.")
    if extra := set(first.classes) ^ set(one.classes):
        raise UsageError(f"members 1 and {number} tell other classes apart: only one of them knows {listed(sorted(extra), 4)}.")
    ours, theirs = _fitted(first.preprocessing), _fitted(one.preprocessing)
    if differ := [f"{name} {ours[name]} and {theirs[name]}" for name in ours if ours[name] != theirs[name]]:
        raise UsageError(f"members 1 and {number} see different pictures: {', '.join(differ)}. Train them with the same --size and --fit.")
    if first.views != one.views:
        words = " and ".join(repr(of.views) for of in (first, one))
        raise UsageError(f"members 1 and {number} answer over different views: {words}. Train them with the same --views.")


def _fitted(preprocessing: Preprocessing) -> dict[str, Any]:
    """What decides the fitted picture; the mean does where it fills the border."""
    values = preprocessing.to_dict()
    return {**values, "mean": list(preprocessing.border) if preprocessing.fit == "pad" else None, "std": None}
