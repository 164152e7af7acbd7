"""Ensembles of networks: the scores are the log of the mean of the members' probabilities.

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

MAX_MEMBERS = 100
TIMES = re.compile(r"(\d{1,4}) × (.+)")


class Member(nn.Module):
    """A network with the ensemble's inputs `(N, C, H, W)` and log probabilities of the ensemble's classes, float32 `(N, K)`, as outputs.

    `scale` and `shift` convert the ensemble's normalisation into the network's own, `temperature` is its own, and `order` `(K,)` holds
    the positions of the ensemble's classes among its scores.
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
        """Log probabilities, float32 `(N, K)`, of inputs in float32, or in bfloat16 like the network."""
        scores = self.network(x * self.scale.to(x.dtype) + self.shift.to(x.dtype)).float()
        return torch.log_softmax(scores[:, self.order] / self.temperature, 1)


class Ensemble(nn.Module):
    """The mean of several members; its stages are those of all members, `members.0.network.…` first."""

    def __init__(self, members: Sequence[Member]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.STAGES = tuple(f"members.{k}.network.{name}" for k, one in enumerate(members) for name in getattr(one.network, "STAGES", ()))

    def forward(self, x: Tensor) -> Tensor:
        """The log of the mean probability, `(N, K)`, of inputs `(N, C, H, W)`."""
        answers = torch.stack([member(x) for member in self.members])
        return torch.logsumexp(answers, 0) - math.log(len(self.members))


def named(architectures: Sequence[str]) -> str:
    """The name of the ensemble of these networks, as in `7 × alexnet`."""
    return " + ".join(f"{len(list(same))} × {name}" for name, same in groupby(architectures))


def members(name: str) -> list[str]:
    """The names of the networks in the ensemble `name`; empty for a single network. Raises UsageError for more than 100."""
    found: list[str] = []
    for part in name.split(" + "):
        times = TIMES.fullmatch(part)
        if not times:
            return []
        if len(found) + int(times[1]) > MAX_MEMBERS:
            raise UsageError(f"an ensemble has up to {MAX_MEMBERS} members. Got {name!s:.100}.")
        found += [times[2]] * int(times[1])
    return found


def build(name: str, classes: int, *, channels: int, height: int, width: int, seed: int | None = None) -> nn.Module:
    """A network as `weights.build` builds it, or an ensemble of such networks."""
    size = {"channels": channels, "height": height, "width": width}
    found = members(name)
    if not found:
        return weights.build(name, classes, **size, seed=seed)
    return Ensemble([Member(weights.build(one, classes, **size, seed=seed), channels, classes) for one in found])


def join(classifiers: Sequence[Classifier], facts: dict[str, Any] | None = None) -> Classifier:
    """The ensemble of classifiers with the same class names, in the order and normalisation of the first; it shares their weights.

    Raises UsageError for different preprocessing, views or classes, for a member that is an ensemble itself or a faster copy.
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
        raise UsageError(f"member {number} has no network of the registry with its original weights: join classifiers as they were loaded.")
    if members(one.architecture):
        raise UsageError(f"member {number} is an ensemble ({one.architecture}): name its members instead.")
    if extra := set(first.classes) ^ set(one.classes):
        raise UsageError(f"members 1 and {number} have different classes: only one of them has {listed(sorted(extra), 4)}.")
    ours, theirs = _fitted(first.preprocessing), _fitted(one.preprocessing)
    if differ := [f"{name} {ours[name]} and {theirs[name]}" for name in ours if ours[name] != theirs[name]]:
        raise UsageError(f"members 1 and {number} preprocess differently: {', '.join(differ)}. Train them with the same --size and --fit.")
    if first.views != one.views:
        words = " and ".join(repr(of.views) for of in (first, one))
        raise UsageError(f"members 1 and {number} average over different views: {words}. Train them with the same --views.")


def _fitted(preprocessing: Preprocessing) -> dict[str, object]:
    """The fields that determine the fitted picture; the mean counts only where it fills the border."""
    values = preprocessing.to_dict()
    return {**values, "mean": list(preprocessing.border) if preprocessing.fit == "pad" else None, "std": None}
