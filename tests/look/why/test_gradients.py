"""Gradients by hand, their integral, and its completeness."""

import pytest
import torch
from torch import Tensor, nn

from clearsight.look.why.gradients import integrated, saliency
from clearsight.look.why.rectified import deconvnet, guided_backprop
from tests.look.why.small import FIRST, PIXELS, Small

# ∂ logit / ∂ pixel: each of eight places spreads its weight over 3×3 pixels; both filters are ones
WEIGHTS = torch.tensor([[2.0, 0.0], [0.0, 0.0]])  # of the two filters together at the four places: 1 + 1, 1 − 1, …


def spread(weights: Tensor) -> Tensor:
    """The 2×2 weights laid over the 3×3 pixels that each place sees."""
    return nn.functional.conv_transpose2d(weights[None, None], torch.ones(1, 1, 3, 3))[0, 0]


@pytest.mark.parametrize("functional", [False, True])
@pytest.mark.parametrize("inplace", [False, True])
def test_gradients_by_hand(functional, inplace):
    model = Small(functional, inplace)
    torch.testing.assert_close(saliency(model, PIXELS, FIRST)[0], spread(WEIGHTS).abs())
    # the same for linear pieces all the way from zero: gradient times pixel, and it is complete
    torch.testing.assert_close(integrated(model, PIXELS, FIRST)[0], spread(WEIGHTS) * PIXELS[0, 0])
    # all ReLUs are active; of −1 nothing comes through
    positive = torch.tensor([[2.0, 1.0], [1.0, 1.0]])
    torch.testing.assert_close(deconvnet(model, PIXELS, FIRST)[0], spread(positive))
    torch.testing.assert_close(guided_backprop(model, PIXELS, FIRST)[0], spread(positive))
    # silent ReLUs: the deconvnet passes through them, guided backpropagation does not
    torch.testing.assert_close(deconvnet(model, -PIXELS - 1, FIRST)[0], spread(positive))
    assert not guided_backprop(model, -PIXELS - 1, FIRST).any()
