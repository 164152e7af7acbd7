"""Functions of Pillow on the pictures of a batch."""

import torch
from PIL import ImageOps

from clearsight.images.pillow import changed, through_jpeg

PICTURES = torch.randint(0, 256, (2, 3, 8, 6), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_each_picture_has_its_own_change():
    made = changed(PICTURES, (ImageOps.invert, ImageOps.mirror))
    assert torch.equal(made[0], 255 - PICTURES[0]) and torch.equal(made[1], PICTURES[1].flip(2))
    grey = changed(PICTURES[:, :1], (ImageOps.mirror, ImageOps.invert))
    assert grey.shape == (2, 1, 8, 6) and torch.equal(grey[1], 255 - PICTURES[1, :1])


def test_a_better_quality_is_nearer():
    errors = []
    for quality in (5, 95):
        made = changed(PICTURES, [lambda picture, quality=quality: through_jpeg(picture, quality)] * 2)
        errors.append((made.int() - PICTURES.int()).abs().float().mean().item())
    assert 0 < errors[1] < errors[0]
