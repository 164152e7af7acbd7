"""The patches that activate a channel most: their places, pixels, and what a deconvnet leads back to."""

import numpy as np
import pytest
import torch
from torch import nn

from clearsight.base.errors import UsageError
from clearsight.images.preprocess import Preprocessing
from clearsight.look.patches import search
from clearsight.look.target import Subject


@pytest.fixture
def subject():
    """One convolution that adds up 3 × 3 pixels, and one that takes the right from the left."""
    model = nn.Sequential(nn.Conv2d(1, 2, 3, bias=False), nn.ReLU(), nn.Flatten(), nn.Linear(2 * 36, 2))
    with torch.no_grad():
        model[0].weight[0].fill_(1)
        model[0].weight[1] = torch.tensor([[1.0, 0.0, -1.0]] * 3)
    return Subject("sums", model.eval(), Preprocessing(1, 8, 8, mean=(0.0,), std=(1.0,)), False)


@pytest.fixture
def data():
    """40 pictures; in number 35 a bright square, in number 3 a darker one."""
    pictures = np.zeros((40, 8, 8), np.uint8)
    pictures[35, 4:7, 2:5], pictures[3, 0:3, 5:8] = 255, 51
    return pictures, np.arange(40) % 2


def test_the_brightest_patch_is_found_with_its_pixels(subject, data):
    first, second = search(subject, data, "0", [0], most=2)
    assert (first.y, first.x, first.box) == (4, 2, (4, 2, 7, 5)) and first.value == pytest.approx(9)
    assert second.box == (0, 5, 3, 8) and second.value == pytest.approx(9 * 0.2)
    assert first.pixels.shape == (1, 3, 3) and first.pixels.eq(255).all() and first.back is None
    told = first.to_json()
    assert told["box"] == [4, 2, 7, 5] and set(told) == {"channel", "value", "name", "y", "x", "box"}


def test_only_the_first_pictures_are_searched(subject, data):
    assert search(subject, data, "0", [0], most=1, pictures=10)[0].value < 2


def test_the_deconvnet_leads_back_to_the_filter(subject, data):
    found = search(subject, data, "0", [1], most=1, deconvnet=True)[0]
    torch.testing.assert_close(found.back, subject.model[0].weight[1].detach())


def test_a_channel_that_there_is_not(subject, data):
    with pytest.raises(UsageError, match="from 0 to 1"):
        search(subject, data, "0", [2])
