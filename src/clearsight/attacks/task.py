"""What an attack is given, and the care that a classifier gets while it is attacked."""

import dataclasses
from dataclasses import dataclass

from torch import Tensor

from ..base.errors import wrong
from ..classifier.predict import in_batches
from .gradient_ascent import Scores, missed


@dataclass(frozen=True)
class Task:
    """Pictures `(N, C, H, W)` in [0, 1] with labels `(N,)`, to be changed by no more than `epsilon` so that `scores` misses the label.

    Random draws belong to `indices` `(N,)`. `steps` and `restarts` of 0 are the attack's own; `targets` `(N,)` are the classes to
    be taken for, where an attack aims. No more than `batch` pictures are computed together. An attack
    in steps stops at the first that fools, unless it is to be `sure`: then it takes them all, and what it makes lasts longer.
    `first` are the gradient of the cross-entropy and the logits at the pictures themselves, where somebody has them.
    """

    scores: Scores
    pictures: Tensor
    labels: Tensor
    epsilon: float
    indices: Tensor
    seed: int = 0
    steps: int = 0
    restarts: int = 0
    targets: Tensor | None = None
    batch: int = 256
    sure: bool = False
    first: tuple[Tensor, Tensor] | None = None

    def only(self, rows: Tensor) -> "Task":
        """The same for the pictures at `rows` (numbers or a mask)."""
        targets = None if self.targets is None else self.targets[rows]
        pictures, labels, indices = self.pictures[rows], self.labels[rows], self.indices[rows]
        first = None if self.first is None else (self.first[0][rows], self.first[1][rows])
        return dataclasses.replace(self, pictures=pictures, labels=labels, indices=indices, targets=targets, first=first)

    def fooled(self, pictures: Tensor) -> Tensor:
        """Which of `pictures` (N, C, H, W) the classifier takes for something else, `(N,)`."""
        return missed(self.logits(pictures), self.labels)

    def logits(self, pictures: Tensor) -> Tensor:
        """The scores `(N, K)` of `pictures` (N, C, H, W)."""
        return in_batches(self.scores, pictures, self.batch)


def require_known(labels: Tensor, classes: int) -> None:
    """Raise UsageError unless every label `(n,)` is a number of a table of so many classes."""
    if bool(((labels < 0) | (labels >= classes)).any()):
        raise wrong("labels", f"numbers of the classifier's own classes, 0 to {classes - 1}", sorted(set(labels.tolist()))[:20])
