"""U-Net: classes per pixel from the encoder of a classifier."""

import pytest
import torch

from clearsight import models
from clearsight.models.convnets.unet import UNet
from tests.models.expected import check, rows


@rows("unet")
def test_parameters_and_stages(row, expected):
    check(row, expected)


@pytest.mark.parametrize("size", [(16, 16), (33, 47), (572, 388)], ids=str)
def test_a_segmentation_has_the_size_of_the_picture(size):
    with torch.device("meta"):
        model = models.build("unet", 3, channels=2, height=size[0], width=size[1])
    assert model.segment(torch.zeros(2, 2, *size, device="meta")).shape == (2, 3, *size)


def test_a_pixel_sees_far_through_the_bottom_and_near_through_the_skips():
    torch.manual_seed(0)
    model = UNet((4, 4, 8, 8, 16), 2, 1, dropout=0.5).eval()
    x = torch.randn(1, 1, 160, 160, generator=torch.Generator().manual_seed(0), requires_grad=True)
    model.segment(x)[0, 1, 80, 80].backward()
    seen = x.grad[0, 0].abs()
    assert seen[78:83, 78:83].min() > 0 and seen[80, 10:150].count_nonzero() > 100  # 5 px through the first pair alone; 140 px in all


def test_the_decoder_waits_until_it_is_asked():
    torch.manual_seed(0)
    model = UNet((4, 8, 8, 16, 16), 2, 1, dropout=0.0)
    x = torch.randn(2, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    torch.nn.functional.cross_entropy(model(x), torch.tensor([0, 1])).backward()
    assert all((p.grad is None) == name.startswith(("decoder", "head_pixel")) for name, p in model.named_parameters())
    model.decoder.requires_grad_(True)
    model.head_pixel.requires_grad_(True)
    masks = (x[:, 0] > 0).long()
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    losses = []
    for _ in range(12):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model.segment(x), masks)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.9 * losses[0]
