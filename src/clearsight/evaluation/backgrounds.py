"""Objects by their masks: what a classifier still knows of them before other backgrounds."""

import dataclasses
from pathlib import Path

import torch
from torch import Tensor

from ..base.errors import UsageError
from ..datasets.dataset import Dataset
from ..images.kinds import SUFFIXES
from ..images.preprocess import Preprocessing

GREY = 128


def masks(folder: Path, dataset: Dataset, preprocessing: Preprocessing) -> Tensor:
    """Where the object is, bool `(n, 1, H, W)`: white in a picture of the same name and folder below `folder`, fitted as the picture is.

    Raises UsageError for a picture without a mask.
    """
    # a border that `pad` makes shows no object: black, regardless of the colour of the pictures there
    fitted = dataclasses.replace(preprocessing, channels=1, mean=(0.0,), std=(1.0,), order="rgb")
    return torch.stack([fitted.load(_file(folder, str(name))) > 127 for name in dataset.names])


def _file(folder: Path, name: str) -> Path:
    path = folder / name
    found = [path.with_suffix(suffix) for suffix in (path.suffix, ".png", *sorted(SUFFIXES))]
    for one in found:
        if one.is_file():
            return one
    raise UsageError(f"there is no mask {found[0]} (nor with another ending): every picture needs one, white where the object is.")


def replaced(pictures: Tensor, others: Tensor, inside: Tensor) -> dict[str, Tensor]:
    """Pictures uint8 `(N, C, H, W)` with all but the object from `others`, or grey."""
    return {"another": torch.where(inside, pictures, others), "grey": torch.where(inside, pictures, torch.full_like(pictures, GREY))}
