"""What Keras' EfficientNets do before their first convolution; and what is left out in training."""

import numpy as np
import pytest
import torch

from clearsight import models
from clearsight.images.preprocess import IMAGENET
from clearsight.layers.blocks import SqueezeExcite
from clearsight.layers.dropout import StochasticDepth
from clearsight.models.convnets import efficientnet
from clearsight.models.convnets.efficientnet import Standardise
from clearsight.weights import adapt, keras
from clearsight.weights.file import translated
from tests.models.expected import check, rows


@rows("efficientnet")
def test_parameters_and_stages(row, expected):
    check(row, expected)


def test_colours_are_standardised_by_what_is_stored():
    x = torch.rand(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    layer = Standardise(3)
    assert torch.equal(layer(x), x)
    values = {"mean": torch.tensor([0.1, 0.2, 0.3]), "variance": torch.tensor([0.25, 4.0, 1.0]), "count": torch.tensor(7.0)}
    layer.load_state_dict(values)
    expected = (x - values["mean"].view(3, 1, 1)) / torch.tensor([0.5, 2.0, 1.0]).view(3, 1, 1)
    torch.testing.assert_close(layer.train()(x), expected)
    assert all(torch.equal(value, values[name]) for name, value in layer.state_dict().items())  # training leaves it alone


def test_the_deviations_that_keras_published_become_variances_once():
    layer, variance = Standardise(3), torch.tensor(IMAGENET.std)
    for given in ({"mean": torch.zeros(3), "variance": variance, "count": torch.ones(())}, layer.state_dict()):
        layer.load_state_dict(given)
        torch.testing.assert_close(layer.variance, variance.square())


def test_other_channels_are_standardised_like_the_mean_of_the_colours():
    model = models.build("efficientnetb0.keras", 3, height=40, width=40, seed=0).eval()
    model.standardise.variance.copy_(torch.tensor([1.0, 2.0, 6.0]))
    adapt.new_channels(model, 5)
    assert model.standardise.variance.tolist() == [3.0] * 5
    assert model(torch.rand(1, 5, 40, 40)).shape == (1, 3)


def test_a_deeper_block_is_left_out_more_often():
    rates = [m.p for m in models.build("efficientnet_b0", 2).modules() if isinstance(m, StochasticDepth)]
    assert rates == [0.2 * i / 16 for i in (2, 4, 6, 7, 9, 10, 12, 13, 14)]  # of 16 blocks those with a shortcut


def test_the_layer_that_keras_numbers_by_itself_and_its_count_without_a_shape():
    model = models.build("efficientnetb0.keras", 3, height=40, width=40)
    given = {"normalization_4": [np.float32([1, 2, 3]), np.float32([4, 5, 6]), np.asarray(7, np.int32)]}
    state = keras.translate(given, model, efficientnet.NAMES["keras"], {})
    assert {name.rpartition(".")[2]: value.tolist() for name, value in state.items()} == {
        "mean": [1, 2, 3],
        "variance": [4, 5, 6],
        "count": 7,
    }


@pytest.mark.parametrize(
    ("name", "theirs", "ours"),
    [  # blocks of the stages: lite0 1 2 2 3 3 4 1, lite4 1 4 4 6 6 8 1, b1 2 3 3 4 4 5 2
        ("efficientnet_lite0", "_blocks.7._depthwise_conv.weight", "trunk.4.2.block.1.0.weight"),
        ("efficientnet_lite0", "_blocks.0._depthwise_conv.weight", "trunk.1.0.block.0.0.weight"),
        ("efficientnet_lite0", "_blocks.15._bn2.running_var", "trunk.7.0.block.2.1.running_var"),
        ("efficientnet_lite4", "_blocks.5._bn0.bias", "trunk.3.0.block.0.1.bias"),
        ("tf_efficientnet_b1", "_blocks.1._se_expand.bias", "trunk.1.1.block.1.fc2.bias"),
        ("tf_efficientnet_b1", "_blocks.8._project_conv.weight", "trunk.4.0.block.3.0.weight"),
        ("tf_efficientnet_b1", "_bn1.running_mean", "trunk.8.1.running_mean"),
        ("tf_efficientnet_b1", "_fc.bias", "classifier.1.bias"),
    ],
)
def test_one_count_of_blocks_through_all_stages(name, theirs, ours):
    value = torch.ones(1)
    assert translated("torchvision", {theirs: value}, name) == {ours: value}


def test_the_ends_of_a_lite_network_are_not_scaled():
    net = models.build("efficientnet_lite4", 2)
    assert (net.trunk[0][0].out_channels, net.trunk[8][0].out_channels) == (32, 1280)
    assert [len(stage) for stage in net.trunk[1:8]] == [1, 4, 4, 6, 6, 8, 1]
    assert not any(isinstance(module, (SqueezeExcite, torch.nn.SiLU)) for module in net.modules())
    assert isinstance(net.trunk[0][2], torch.nn.ReLU6)
