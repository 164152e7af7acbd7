"""Distances under changes, by hand."""

import pytest
import torch

from clearsight.base.errors import UsageError
from clearsight.datasets.open import open_dataset
from clearsight.look.handmade.robustness import measured, robustness
from clearsight.look.handmade.seen import subject_by_hand


def test_a_feature_that_ignores_the_change_does_not_move_and_its_ratio_is_by_hand() -> None:
    pictures = torch.zeros(4, 1, 8, 8, dtype=torch.uint8)
    pictures[2:] = 102  # two dark pictures of one class, two of 0.4 of another
    labels = torch.tensor([0, 0, 1, 1])
    level = measured("level", lambda x: x.float().mean((2, 3)) / 255, pictures, labels, [("light", 0.1), ("rotation", 20.0)])
    assert level.moved["rotation"] == 0 and level.dimensions == 1 and level.n == 4
    assert 0 <= level.moved["light"] <= 0.27  # 0.1 of a distance of 0.4; darker than black is black
    scaled = measured("level", lambda x: 7 * x.float().mean((2, 3)), pictures, labels, [("light", 0.1)])
    assert scaled.moved["light"] == pytest.approx(level.moved["light"], abs=1e-6)  # in any unit
    still = measured("place", lambda x: torch.arange(4.0)[:, None], pictures, labels, [("light", 0.1)])
    assert still.moved == {"light": 0.0}


def test_hog_bears_a_loss_of_contrast_better_than_pixels() -> None:
    data = open_dataset("digits").parts["test"]
    pixels, hog = (robustness(subject_by_hand(name, data.picture(0)), data, 40).moved for name in ("pixels", "hog-hard"))
    assert hog["flat"] < pixels["flat"]  # `hog` pads with black, which is an edge where black has become grey


def test_there_must_be_two_classes() -> None:
    data = open_dataset("digits").parts["test"]
    same = data.subset(data.labels == 3)
    with pytest.raises(UsageError, match="4 pictures of 2 classes"):
        robustness(subject_by_hand("pixels", same.picture(0)), same, 10)
