"""Trained networks with other classes and channels."""

import pytest
import torch
from torch import nn

from clearsight import models
from clearsight.base.errors import UsageError
from clearsight.images.preprocess import KERAS_CAFFE
from clearsight.weights import adapt


@pytest.mark.parametrize("channels", [1, 2, 4, 6, 7])
def test_more_channels_answer_as_strongly(channels):
    net = nn.Sequential(nn.ReLU(), nn.Conv2d(3, 5, 3, 2, 1))
    old = net[1].weight.detach()
    adapt.new_channels(net, channels)
    assert net[1].weight.shape == (5, channels, 3, 3) and (net[1].stride, net[1].padding) == ((2, 2), (1, 1))
    if channels != 2:  # a colour is missing
        uniform = torch.ones(1, channels, 9, 9)
        if channels % 3 == 0 or channels == 1:
            torch.testing.assert_close(net(uniform), nn.functional.conv2d(uniform[:, :1].expand(-1, 3, -1, -1), old, net[1].bias, 2, 1))
    with pytest.raises(UsageError, match="without a plain first convolution"):
        adapt.new_channels(nn.Sequential(nn.Linear(2, 2)), channels)


def test_grey_is_normalised_with_the_mean_of_the_colours():
    grey = adapt.new_preprocessing(KERAS_CAFFE, 1)
    assert (grey.channels, grey.order) == (1, "rgb") and grey.mean[0] * 255 == pytest.approx((103.939 + 116.779 + 123.68) / 3)


def test_a_new_head_leaves_the_rest_and_follows_from_its_seed():
    first, second, other = (models.build("lenet5", 4, channels=1, height=28, width=28, seed=0) for _ in range(3))
    before = {name: value.clone() for name, value in first.state_dict().items()}
    torch.manual_seed(3)
    drawn = torch.get_rng_state()
    for model, seed in ((first, 1), (second, 1), (other, 2)):
        adapt.new_head(model, 7, seed)
    assert torch.equal(torch.get_rng_state(), drawn)
    assert first.head.out_features == 7 and torch.equal(first.head.weight, second.head.weight)
    assert not torch.equal(first.head.weight, other.head.weight)
    assert all(torch.equal(value, before[name]) for name, value in first.state_dict().items() if not name.startswith("fc3"))


def test_grey_is_seen_as_three_equal_colours():
    model = models.build("convnet", 4, channels=3, height=12, width=12, seed=0).eval()
    grey = torch.rand(2, 1, 12, 12, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = model(grey.expand(-1, 3, -1, -1))
        adapt.new_channels(model, 1)
        torch.testing.assert_close(model(grey), expected, rtol=1e-4, atol=1e-5)


def test_the_same_channels_change_nothing():
    model = models.build("convnet", 4, channels=3, height=12, width=12, seed=0)
    first = model.conv1
    adapt.new_channels(model, 3)
    assert model.conv1 is first and adapt.first_convolution(model) == "conv1"


def test_without_a_plain_convolution_channels_stay():
    with pytest.raises(UsageError, match="without a plain first convolution"):
        adapt.new_channels(nn.Sequential(nn.Linear(2, 2)), 1)
    with pytest.raises(UsageError, match="without a plain first convolution"):
        adapt.new_channels(nn.Sequential(nn.Conv2d(4, 4, 1, groups=2)), 1)
    assert adapt.first_convolution(nn.Sequential(nn.Linear(2, 2))) == ""
