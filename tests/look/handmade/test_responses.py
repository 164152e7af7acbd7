"""Responses of filter banks: filters in their order, and responses that belong to them."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from clearsight import models
from clearsight.look.handmade.responses import gabor_name, responses


@pytest.mark.parametrize(("name", "filters"), [("dog", 4), ("gabor", 32)])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_response_is_the_picture_filtered_by_the_kernel_next_to_it(name, filters, channels) -> None:
    model = models.build(name, 2, channels=channels, height=40, width=36)
    x = torch.rand(1, channels, 40, 36, generator=torch.Generator().manual_seed(0))
    found = responses(model, x)
    assert len(found.names) == len(found.kernels) == len(found.maps) == filters and found.maps.shape[1:] == (40, 36)
    for i in range(0, filters, 5):
        kernel = torch.from_numpy(found.kernels[i])[None, None]
        radius = kernel.shape[-1] // 2
        own = F.conv2d(F.pad(x.mean(1, keepdim=True), (radius,) * 4, mode="replicate"), kernel)[0, 0]
        np.testing.assert_allclose(found.maps[i], own.numpy(), atol=1e-4)


def test_a_gabor_answers_stripes_of_its_own_direction_most() -> None:
    model = models.build("gabor", 2, channels=1, height=48, width=48)
    stripes = torch.cos(2 * torch.pi * torch.arange(48) / 6).expand(1, 1, 48, 48) / 2 + 0.5  # vertical, 6 px apart
    found = responses(model, stripes)
    assert found.names[int(np.abs(found.maps).max((1, 2)).argmax())] == "λ = 6 px, 0°, even"
    assert gabor_name(3, 5) == "λ = 3 px, 45°, odd" and found.to_json()["parts"] == [7, 7]
