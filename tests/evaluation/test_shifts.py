"""Accuracy under shifts, by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from clearsight.base.errors import UsageError
from clearsight.classifier import Classifier
from clearsight.datasets.dataset import Dataset, objects
from clearsight.evaluation.shifts import shifted, shifts
from clearsight.images.preprocess import Preprocessing


def columns() -> tuple[Classifier, Dataset]:
    """A classifier that names the lightest of three columns, and two pictures: white in the middle, and on the right."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(9, 3, bias=False))
    model[1].weight.data = torch.eye(3).repeat(1, 3)
    pictures = np.zeros((2, 3, 3), np.uint8)
    pictures[0, :, 1] = pictures[1, :, 2] = 255
    data = Dataset(("0", "1", "2"), np.array([1, 2]), objects(["a", "b"]), pictures)
    return Classifier(model, Preprocessing(1, 3, 3), ("0", "1", "2")), data


def test_a_column_moves_and_the_border_is_repeated() -> None:
    picture = np.arange(9, dtype=np.uint8).reshape(3, 3, 1)
    assert shifted(picture, 0, 1)[..., 0].tolist() == [[0, 0, 1], [3, 3, 4], [6, 6, 7]]
    assert shifted(picture, -1, 0)[..., 0].tolist() == [[3, 4, 5], [6, 7, 8], [6, 7, 8]]


def test_accuracy_by_shift_by_hand() -> None:
    found = shifts(*columns(), "net", quiet=True)
    shares = [[share["top1"] for share in row] for row in found.grid]
    # left: the middle is named 0; of the right one, white is in two columns then, and the first of equals is named.
    # right: the middle is named 2, and the right one is black, so that 0 is named
    assert shares == [[0, 1, 0]] * 3
    assert found.unshifted["top1"] == 1 and found.mean == pytest.approx(2 / 8) and found.unshifted["n"] == 2
    assert found.to_json()["shifts"][0] == {"down": -1, "right": -1, "top1": 0, "low": 0, "high": found.grid[0][0]["high"], "n": 2}


def test_there_must_be_pictures_and_a_small_shift() -> None:
    classifier, data = columns()
    with pytest.raises(UsageError, match="no pictures to shift"):
        shifts(classifier, data.subset([]))
    with pytest.raises(UsageError, match="by must be from 1 to 8"):
        shifts(classifier, data, by=9)
