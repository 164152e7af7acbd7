"""Features designed by hand: their numbers are scikit-image's, NumPy's, OpenCV's and scikit-learn's."""

import pytest
import torch

from clearsight import models
from clearsight.models.handmade import hog
from tests.models.handmade.photographs import photographs

FEATURES = [name for family in models.HANDMADE for name in family.TABLE]


@pytest.mark.parametrize("name", FEATURES)
def test_features_do_not_depend_on_what_else_is_in_the_batch(name):
    channels = 3 if "hsv" in name else 1
    model = models.build(name, 10, channels=channels, height=28, width=28)
    pictures = torch.rand(130, channels, 28, 28)
    model.initialise(pictures)
    together = model.features(pictures)
    assert together.shape == (130, model.head.in_features)
    torch.testing.assert_close(together[7:9], model.features(pictures[7:9]))


@pytest.mark.parametrize("name", ["pixels", "dog", "gabor", *hog.TABLE])
def test_what_can_be_attacked_has_a_gradient_that_is_a_number(name):
    pictures = torch.from_numpy(photographs(28, 28) / 255).float()
    pictures[0, :, :14] = 0.5  # nothing to see
    pictures.requires_grad_()
    models.build(name, 10, channels=1, height=28, width=28).features(pictures).square().sum().backward()
    assert torch.isfinite(pictures.grad).all() and pictures.grad.abs().sum() > 0
