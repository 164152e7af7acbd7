"""The learning rate for another batch: in proportion for SGD and LARS, by the square root for Adam, AdamW and Muon.

P. Goyal et al., Accurate, large minibatch SGD, 2017, section 2.1; S. Malladi et al., On the SDEs and scaling rules for adaptive gradient
algorithms, NeurIPS 2022.
"""

from collections.abc import Mapping
from typing import Any

LINEAR = ("sgd", "lars")


def scaled(lr: float, optimizer: str, batch: int, other: int) -> float:
    """The learning rate for batches of `other` pictures, of one that is stated for `batch`."""
    ratio = other / batch
    return lr * (ratio if optimizer in LINEAR else ratio**0.5)


def of_batch(values: Mapping[str, Any], given: Mapping[str, Any]) -> float | None:
    """The learning rate of a recipe's `values` for the batch that is `given` in place of theirs; None where it stays, or is given too."""
    batch, lr, optimizer = (values[name] for name in ("batch", "lr", "optimizer"))
    other = given.get("batch", batch)
    stays = other == batch or "lr" in given or optimizer == "lbfgs" or given.get("optimizer", optimizer) != optimizer
    return None if stays or not isinstance(other, int) or other < 1 else scaled(lr, optimizer, batch, other)
