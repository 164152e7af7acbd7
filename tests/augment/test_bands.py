"""Every augmentation on pictures of many bands: of equal bands each is what the grey picture becomes, but for noise."""

import pytest
import torch

from clearsight.augment.op import Op
from clearsight.augment.pipeline import apply
from clearsight.augment.registry import AUGMENTATIONS

GREY = torch.randint(0, 256, (3, 1, 36, 36), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_five_equal_bands_are_five_times_the_grey_picture(name):
    op, places = Op(name, AUGMENTATIONS[name].default), torch.arange(3)
    many = apply((op,), GREY.expand(-1, 5, -1, -1).contiguous(), places, 0, 0, (36, 36)).float()
    assert many.shape == (3, 5, 36, 36)
    if name != "noise":  # which is drawn for each value
        assert torch.allclose(many, apply((op,), GREY, places, 0, 0, (36, 36)).float().expand_as(many), atol=1e-5)
