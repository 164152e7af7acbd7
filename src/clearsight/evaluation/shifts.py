"""Accuracy when every picture is shifted by whole pixels, to which softmax regression on pixels is sensitive."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..base.errors import UsageError, wrong
from ..base.progress import Progress
from ..base.randomness import permutation
from ..base.result import Result, Row
from ..classifier import Classifier
from ..datasets.dataset import Dataset
from ..datasets.split import align
from ..images.decode import decode
from ..metrics.intervals import wilson
from .rows import Share

MOST = 8  # pixels either way


@dataclass(frozen=True, eq=False)
class Shifts(Result):
    """Accuracies with 95 % intervals by shift: `grid[row][column]`, rows from `by` px up to `by` down, columns from left to right.

    A pixel is one of the stored picture; the border pixels are repeated outwards.
    """

    name: str
    by: int
    grid: list[list[Share]]

    @property
    def unshifted(self) -> Share:
        """The accuracy on the pictures as they are."""
        return self.grid[self.by][self.by]

    @property
    def mean(self) -> float:
        """The mean accuracy over the shifts, without the picture as it is."""
        values = [share["top1"] for row in self.grid for share in row]
        return (sum(values) - self.unshifted["top1"]) / (len(values) - 1)

    def rows(self) -> list[Row]:
        """A line for each shift: px down and to the right (negative: up and to the left), with the accuracy on as many pictures."""
        steps = range(-self.by, self.by + 1)
        return [
            {"down": y, "right": x, **share}
            for y, row in zip(steps, self.grid, strict=True)
            for x, share in zip(steps, row, strict=True)
        ]  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """As `look shifts --json` prints it."""
        return {"name": self.name, "by": self.by, "unshifted": self.unshifted, "mean": self.mean, "shifts": self.rows()}


def shifts(
    classifier: Classifier, dataset: Dataset, name: str = "", *, by: int = 1, n: int = 1000, seed: int = 0, quiet: bool = False
) -> Shifts:
    """Judge `classifier` on `n` pictures of `dataset`, shifted by up to `by` px in each direction.

    Raises UsageError for no pictures or another `by` than from 1 to 8, UnreadableImage.
    """
    if not 1 <= by <= MOST:
        raise wrong("by", f"from 1 to {MOST}", by)
    if not len(dataset):
        raise UsageError("there are no pictures to shift.")
    known = align(dataset, classifier.classes)
    known = known.subset(permutation(seed, 0, len(known))[:n].sort().values.numpy())
    side = 2 * by + 1
    hits = np.zeros((side, side), np.int64)
    with Progress("shifts", len(known), quiet=quiet) as progress:
        for rows in torch.arange(len(known)).split(classifier.batch):
            hits += _hits(classifier, known.subset(rows.numpy()), by)
            progress.update(len(rows))
    return Shifts(name, by, [[_share(int(one), len(known)) for one in row] for row in hits])


def _hits(classifier: Classifier, some: Dataset, by: int) -> NDArray[np.int64]:
    """The number of right answers for each shift, `(2·by + 1, 2·by + 1)`."""
    settings = classifier.preprocessing
    pictures = [decode(some.picture(i), channels=settings.channels, reading=settings.reading) for i in range(len(some))]
    side, truth = 2 * by + 1, torch.from_numpy(some.labels)
    hits = np.zeros((side, side), np.int64)
    for y in range(side):
        for x in range(side):
            moved = torch.stack([settings.fit_picture(shifted(one, y - by, x - by)) for one in pictures])
            hits[y, x] = int((classifier.logits(moved).argmax(1).cpu() == truth).sum())
    return hits


def shifted(picture: NDArray[np.uint8], down: int, right: int) -> NDArray[np.uint8]:
    """A picture `(H, W, C)` shifted by whole pixels, its border pixels repeated."""
    height, width = picture.shape[:2]
    rows, columns = (np.clip(np.arange(n) - by, 0, n - 1) for n, by in ((height, down), (width, right)))
    return np.ascontiguousarray(picture[rows][:, columns])


def _share(hits: int, n: int) -> Share:
    low, high = wilson(hits, n)
    return {"top1": hits / n, "low": low, "high": high, "n": n}
