"""The input of an attack: what to attack, and within which bounds."""

import dataclasses
from dataclasses import dataclass

from torch import Tensor

from ..base.errors import wrong
from ..classifier.predict import in_batches
from .gradient_ascent import Scores, misclassified


@dataclass(frozen=True)
class Task:
    """What every attack is given: change `pictures` by at most `epsilon` so that `scores` no longer give their `labels`.

    Shapes: N pictures `(N, C, H, W)` in [0, 1], K classes.
    """

    scores: Scores  # logits (N, K) of pictures, differentiable for white-box attacks
    pictures: Tensor
    labels: Tensor  # (N,)
    epsilon: float
    indices: Tensor  # (N,): random draws are keyed by these, so that they do not depend on the batch
    seed: int = 0
    steps: int = 0  # 0: the attack's own
    restarts: int = 0  # 0: the attack's own
    targets: Tensor | None = None  # (N,): the classes to be predicted, in a targeted attack
    batch: int = 256  # how many pictures are computed together at most
    sure: bool = False  # take all steps, where an attack would stop at the first that succeeds: what it finds is more robust
    first: tuple[Tensor, Tensor] | None = None  # gradient of the cross-entropy and logits at `pictures`, if known already

    def only(self, rows: Tensor) -> "Task":
        """The same for the pictures at `rows` (indices or a mask)."""
        targets = None if self.targets is None else self.targets[rows]
        pictures, labels, indices = self.pictures[rows], self.labels[rows], self.indices[rows]
        first = None if self.first is None else (self.first[0][rows], self.first[1][rows])
        return dataclasses.replace(self, pictures=pictures, labels=labels, indices=indices, targets=targets, first=first)

    def fooled(self, pictures: Tensor) -> Tensor:
        """Which of `pictures` (N, C, H, W) are misclassified, mask `(N,)`."""
        return misclassified(self.logits(pictures), self.labels)

    def logits(self, pictures: Tensor) -> Tensor:
        """The scores `(N, K)` of `pictures` (N, C, H, W), without gradients."""
        return in_batches(self.scores, pictures, self.batch)


def require_known(labels: Tensor, classes: int) -> None:
    """Raise UsageError unless every label `(n,)` is an index from 0 to `classes` - 1."""
    if bool(((labels < 0) | (labels >= classes)).any()):
        raise wrong("labels", f"indices of the classifier's own classes, 0 to {classes - 1}", sorted(set(labels.tolist()))[:20])
