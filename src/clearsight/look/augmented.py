"""Augmented pictures, and whether a classifier still recognises them: a change that hides the label teaches a wrong one."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from ..augment.op import Op
from ..augment.pipeline import apply
from ..augment.registry import AUGMENTATIONS, row_of
from ..base.compute.undisturbed import undisturbed
from ..classifier.predict import in_batches
from ..metrics.intervals import wilson
from .target import Subject

BATCH = 64
SAFE = 0.8  # of the pictures that were right before: below, a change is called into question


@dataclass(frozen=True)
class Tried:
    """One change of pictures: mean confidence in their own class before and after, and how many of the n that were right stay right."""

    change: str
    meaning: str
    n: int
    before: float
    after: float
    kept: float
    low: float
    high: float

    @property
    def doubtful(self) -> bool:
        """Whether too many pictures are no longer known; chance left aside."""
        return self.high < SAFE

    def to_json(self) -> dict[str, Any]:
        """As `look augment --json` has it."""
        return {**asdict(self), "doubtful": self.doubtful}


def every() -> tuple[Op, ...]:
    """Each change with its own strength."""
    return tuple(Op(name, row.default) for name, row in AUGMENTATIONS.items())


def written(op: Op) -> str:
    """`crop:2`, as on the command line."""
    return ":".join([op.name, *(f"{value:g}" for value in op.strengths)])


def changed(op: Op, pictures: Tensor, indices: Tensor, seed: int, epoch: int) -> Tensor:
    """Pictures uint8 `(N, C, H, W)` under one change, uint8; `indices` `(N,)` are theirs in the data."""
    height, width = pictures.shape[2:]
    made = apply((op,), pictures, indices, seed, epoch, (height, width))
    return made if made.dtype == torch.uint8 else (made * 255).round().to(torch.uint8)


def examples(op: Op, picture: Tensor, index: Tensor, seed: int, n: int) -> Tensor:
    """One picture uint8 `(C, H, W)`, at `index` `(1,)` of its data, under n draws of a change: uint8 `(n, C, H, W)`."""
    return torch.cat([changed(op, picture[None], index, seed, epoch) for epoch in range(n)])


def tried(subject: Subject, ops: Sequence[Op], pictures: Tensor, indices: Tensor, labels: Tensor, seed: int) -> list[Tried]:
    """What each change alone does to the answers, on pictures uint8 `(N, C, H, W)` whose classes are `labels` `(N,)`."""
    before = probabilities(subject, pictures)
    own = torch.arange(len(labels))
    right = before.argmax(1) == labels
    found = []
    for op in ops:
        after = probabilities(subject, changed(op, pictures, indices, seed, 0))
        n = int(right.sum())
        kept = int((right & (after.argmax(1) == labels)).sum())
        low, high = wilson(kept, n) if n else (0.0, 1.0)
        sure, still = (float(given[own, labels].mean()) for given in (before, after))
        found.append(Tried(written(op), row_of(op).meaning, n, sure, still, kept / n if n else 0.0, low, high))
    return found


def probabilities(subject: Subject, pictures: Tensor) -> Tensor:
    """Of pictures uint8 `(N, C, H, W)`, `(N, K)`."""

    def answer(part: Tensor) -> Tensor:
        return torch.softmax(subject.model(subject.preprocessing.normalise(part.to(subject.device))), 1).cpu()

    with undisturbed(subject.model):
        return in_batches(answer, pictures, BATCH)
