"""Templates of softmax regression, by hand."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from clearsight.images.preprocess import KERAS_CAFFE, Preprocessing
from clearsight.look.linear.templates import linear_layer, templates
from clearsight.look.target import Subject, subject


def linear(channels: int = 1, side: int = 2, classes: int = 3) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(channels * side * side, classes))


def test_the_normalisation_is_in_the_weights_and_the_bias() -> None:
    model = linear(classes=2)
    model[1].weight.data = torch.tensor([[1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, -1.0]])
    model[1].bias.data = torch.tensor([5.0, 6.0])
    found = templates(Subject("net", model, Preprocessing(1, 2, 2, mean=(0.5,), std=(0.25,)), True, ("cat", "dog")))
    # w·(x − 0.5)/0.25 + b = (4w)·x + b − 2·Σw
    np.testing.assert_allclose(found.weights[0, 0], [[4, 8], [12, 16]])
    np.testing.assert_allclose(found.bias, [5 - 2 * 10, 6 + 2])
    assert found.parameters == 4 * 2 + 2 and found.to_json()["templates"][1] == {"class": "dog", "bias": 8.0, "for": 0.0, "against": -4.0}


def test_colours_in_the_order_of_the_network_are_red_green_blue_again() -> None:
    settings = dataclasses.replace(KERAS_CAFFE, height=2, width=2)
    model, x = linear(3), torch.rand(1, 3, 2, 2, dtype=torch.float64)
    found = templates(Subject("net", model, settings, True))
    z = (torch.from_numpy(found.weights) * x).sum((1, 2, 3)) + torch.from_numpy(found.bias)
    np.testing.assert_allclose(z.numpy(), model(settings.normalise(x.float()))[0].detach().numpy(), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("size", [(1, 28, 28), (3, 32, 32)])
def test_parameters_are_pixels_times_classes_and_biases(size) -> None:
    pixels = size[0] * size[1] * size[2]
    assert templates(subject("pixels", size, 10)).parameters == pixels * 10 + 10


def test_other_networks_have_none() -> None:
    class Rooted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.fc(x.flatten(1).sqrt())

    assert linear_layer(linear(), (1, 2, 2)) is not None
    assert linear_layer(Rooted(), (1, 2, 2)) is None  # looks like one, and computes something else
    assert templates(subject("hog")) is None and templates(subject("lenet5")) is None
