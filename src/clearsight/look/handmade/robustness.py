"""How far features move under light and deformation, measured by how far pictures of other classes are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...base.errors import UsageError
from ...base.randomness import permutation
from ...corruptions.challenges import challenged
from ...datasets.dataset import Dataset
from ...models.base import Model
from ..target import Subject

# challenge and strength: clearly seen, and no reason for another label
CHANGES = (("light", 0.2), ("flat", 0.4), ("gamma", 1.0), ("translation", 0.05), ("rotation", 10.0), ("scale", 0.1), ("elastic", 0.05))
FEWEST = 4  # pictures


@dataclass(frozen=True)
class Robustness:
    """By change the median distance of a picture's features to those of its changed self, over that to pictures of other classes.

    0 is no change at all, 1 as far as another class.
    """

    name: str
    dimensions: int
    n: int
    moved: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """As `look robustness --json` prints it."""
        return {"name": self.name, "dimensions": self.dimensions, "n": self.n, "moved": self.moved}


def robustness(of: Subject, data: Dataset, n: int = 100, seed: int = 0) -> Robustness:
    """The ratios for the features of a network on `n` pictures; visual words are learnt from these, without labels.

    Raises UsageError for fewer than 4 pictures or a single class, UnreadableImage.
    """
    chosen = permutation(seed, 0, len(data))[:n].sort().values
    labels = torch.from_numpy(data.labels[chosen.numpy()])
    if len(chosen) < FEWEST or len(labels.unique()) < 2:
        raise UsageError(f"distances need at least {FEWEST} pictures of 2 classes. There are {len(chosen)} of {len(labels.unique())}.")
    if not isinstance(of.model, Model):
        raise UsageError(f"{of.name} does not say what its features are: choose a network of `clearsight models`, or a run folder.")
    pictures = torch.stack([of.preprocessing.load(data.picture(int(i))) for i in chosen])
    if not of.trained:
        of.model.initialise(of.preprocessing.normalise(pictures))
    return measured(of.name, _features(of), pictures, labels)


def _features(of: Subject) -> Callable[[Tensor], Tensor]:
    model = of.model
    assert isinstance(model, Model)
    return lambda pictures: torch.cat([model.features(of.preprocessing.normalise(some)) for some in pictures.split(32)]).flatten(1)


@torch.no_grad()
def measured(
    name: str, features: Callable[[Tensor], Tensor], pictures: Tensor, labels: Tensor, changes: Sequence[tuple[str, float]] = CHANGES
) -> Robustness:
    """The ratios for any function of pictures uint8 `(N, C, H, W)` to vectors `(N, D)`."""
    known = features(pictures).double()
    apart = torch.cdist(known, known)[labels[:, None] != labels].median()
    indices, others = torch.arange(len(pictures)), pictures.roll(1, 0)
    moved = {}
    for change, strength in changes:
        after = features(challenged(pictures, indices, change, strength, others)).double()
        moved[change] = float((after - known).norm(dim=1).median() / apart.clamp_min(1e-12))
    return Robustness(name, known.shape[1], len(pictures), moved)
