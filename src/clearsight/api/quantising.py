"""The pictures that calibrate and judge an int8 file: those of the run's own data, or of others that are named."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..base.errors import UsageError
from ..base.randomness import permutation
from ..classifier import Classifier
from ..datasets.loader import load
from ..datasets.split import align
from ..evaluation.held_out import Chosen, NoPart, choose
from ..exports.quantisation import MOST, Sample

MOST_JUDGED = 2000


def sample_of(classifier: Classifier, folder: str | Path, data: Any, *, quiet: bool = False) -> Sample:
    """Up to 256 training pictures, and up to 2,000 validation pictures, or other training pictures.

    Raises UsageError where the data cannot be found.
    """
    train, val = _part(folder, data, "train", quiet), _part(folder, data, "val", quiet)
    every = train or val or _part(folder, data, "all", quiet)
    assert every is not None  # every set of data has the part `all`
    first = every.dataset
    order = permutation(0, 0, len(first))
    calibrating = order[: min(MOST, max(1, len(order) // 2))]
    calibration, _ = _fitted(classifier, every, calibrating, quiet)
    if train and val:
        return Sample(
            calibration, *_fitted(classifier, val, permutation(0, 1, len(val.dataset))[:MOST_JUDGED], quiet), "validation pictures"
        )
    rest = order[len(calibrating) :][:MOST_JUDGED]
    return Sample(calibration, *_fitted(classifier, every, rest, quiet), "pictures that did not calibrate")


def _part(folder: str | Path, data: Any, part: str, quiet: bool) -> Chosen | None:
    """The pictures of a part, None where the data lack it; raises UsageError where there are no data."""
    try:
        return choose(folder, data, part, quiet=quiet)
    except NoPart:
        return None
    except UsageError as error:
        if data is not None:
            raise
        raise UsageError(f"int8 is calibrated on training pictures: {error} Or name others with --calibrate DATA.") from error


def _fitted(classifier: Classifier, chosen: Chosen, places: Tensor, quiet: bool) -> tuple[Tensor, Tensor]:
    """Fitted pictures uint8 `(n, C, H, W)` and their labels int64 `(n,)` in the classifier's table."""
    pictures = load(align(chosen.dataset.subset(places.numpy()), classifier.classes), classifier.preprocessing, quiet=quiet)
    return pictures.batch(torch.arange(len(pictures))), pictures.labels
