"""Selection of epochs by validation: the best one, early stopping, and the drops of the learning rate on a plateau.

The accuracy decides, and of equal ones the loss. On few pictures some epoch has the best accuracy by luck, long before the network is at
its best. So with fewer than 30 of them the latest epoch is kept that is within one standard error, or
one picture, of the best. benchmarks/small_validation.py measures what each rule keeps.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

FEW = 30  # validation pictures; from here on the best epoch is at least as good as the last, with any schedule


class Point(NamedTuple):
    """An epoch on the validation pictures: its accuracy and its loss; where robust accuracy is measured, that is both.

    Strengths of L2 differ by how sure the answers are long after all are right: there both are the loss.
    """

    accuracy: float
    loss: float


def point(row: Mapping[str, float]) -> Point:
    """The epoch of a row of `results.csv`."""
    if "l2" in row:
        return Point(math.exp(-row["val_loss"]), row["val_loss"])
    robust = row.get("robust_accuracy")
    return Point(row["val_accuracy"], row["val_loss"]) if robust is None else Point(robust, -robust)


def points(rows: Sequence[Mapping[str, float]]) -> list[Point]:
    """Every epoch so far."""
    return [point(row) for row in rows]


def kept(rows: Sequence[Mapping[str, float]], epoch: int, best: float) -> Point:
    """The kept `epoch`; 0 is the head fitted before the first epoch, with the `best` accuracy and unknown loss."""
    return next((point(row) for row in rows if row["epoch"] == epoch), Point(best, math.inf))


def tied(accuracy: float, best: float, n: int) -> bool:
    """Whether `n` pictures are too few to distinguish an accuracy from the `best` one."""
    share = (best * n + 1) / (n + 2)  # as if one more were right and one more wrong, so that 5 of 5 are not sure either
    return n < FEW and accuracy > best - max(1 / n, math.sqrt(share * (1 - share) / n)) - 1e-9


def replaces(new: Point, kept: Point, best: float, n: int) -> bool:
    """Whether a new epoch is to be kept in place of the `kept` one, by `n` pictures; `best` is the best accuracy before it."""
    if n < FEW:
        return new.accuracy > best or tied(new.accuracy, best, n)
    return (new.accuracy, -new.loss) > (kept.accuracy, -kept.loss)


def stale(points: Sequence[Point], n: int) -> int:
    """How many epochs have gone by since one was better; see `_waits`."""
    return _waits(points, n)[-1] if points else 0


def drops(points: Sequence[Point], n: int, patience: int) -> int:
    """How often the learning rate has been divided by 10: once per `patience` epochs without an improvement."""
    waits = _waits(points, n)
    return sum(wait > 0 and wait % patience == 0 for wait in waits)


def _waits(points: Sequence[Point], n: int) -> list[int]:
    """After each epoch, how many have gone by since one was better: in accuracy or in loss, or by few pictures no worse than the best."""
    best, least = -math.inf, math.inf
    found: list[int] = []
    for accuracy, loss in points:
        better = accuracy > best or loss < least or tied(accuracy, best, n)
        found.append(0 if better else found[-1] + 1)
        best, least = max(best, accuracy), min(least, loss)
    return found
