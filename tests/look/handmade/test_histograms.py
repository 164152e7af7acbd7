"""Histograms as bars: by hand."""

import numpy as np
import torch

from clearsight import models
from clearsight.look.handmade.histograms import histograms


def test_two_levels_by_hand() -> None:
    model = models.build("histogram", 2, channels=1, height=4, width=4)
    x = torch.zeros(1, 1, 4, 4)
    x[..., :1] = 1  # a quarter is white
    found = histograms(model, model.features(x)[0].numpy())
    assert found.channels == ("brightness",) and found.shares.shape == (1, 1, 1, 32)
    assert (found.shares[0, 0, 0, 0], found.shares[0, 0, 0, 31]) == (0.75, 0.25)


def test_parts_and_hues_by_hand() -> None:
    model = models.build("histogram-hsv-cells", 2, channels=3, height=4, width=4)
    x = torch.zeros(1, 3, 4, 4)
    x[0, 0] = 1  # red
    x[0, :, 0, 3] = torch.tensor([0.0, 0.0, 1.0])  # one blue pixel, which is the last part of the first row
    found = histograms(model, model.features(x)[0].numpy())
    assert found.channels == ("hue", "saturation", "value") and found.shares.shape == (3, 4, 4, 32)
    hue = found.shares[0].argmax(-1)
    assert hue[0, 3] == 21 and np.delete(hue.ravel(), 3).max() == 0  # blue is at 240 of 360 degrees: 2/3 of 32 levels
    assert "4×4 parts" in found.sentence and found.to_json()["channels"] == ["hue", "saturation", "value"]
