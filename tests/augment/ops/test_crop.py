"""Flips, shifts and random resized crops against NumPy and Pillow."""

import numpy as np
import pytest
import torch
from PIL import Image

from clearsight.augment.ops import crop as crop_module
from clearsight.augment.ops.crop import (
    _gathered,
    _resampled,
    crop,
    flip,
    plan_crop,
    plan_flip,
    plan_random_resized_crop,
    random_resized_crop,
)
from clearsight.augment.pipeline import apply, parse

from ..photo import LARGE as LARGE_PHOTO
from ..random_pictures import PICTURES, SIZE

DRAWS = torch.rand(8, 4, generator=torch.Generator().manual_seed(3))


def test_flip_by_definition_and_as_often_as_asked():
    draws = torch.tensor([[0.1], [0.9]])
    flipped = flip(PICTURES[:2], plan_flip(draws, (0.5,), (3, *SIZE)), SIZE)
    assert torch.equal(flipped[0], PICTURES[0].flip(2))
    assert torch.equal(flipped[1], PICTURES[1])
    for layout in (torch.contiguous_format, torch.channels_last):
        large = LARGE_PHOTO[:2].contiguous(memory_format=layout)
        assert large[0].nbytes > crop_module.LARGE
        assert torch.equal(flip(large, torch.tensor([True, False]), (300, 300)), torch.stack((LARGE_PHOTO[0].flip(2), LARGE_PHOTO[1])))
    many = torch.arange(10, dtype=torch.uint8).view(1, 1, 1, 10).expand(20_000, 1, 1, 10)
    share = (apply(parse("flip:0.3"), many, torch.arange(20_000), 0, 0, (1, 10))[:, 0, 0, 0] == 9).float().mean()
    assert abs(float(share) - 0.3) < 0.013  # four standard errors


def test_crop_is_numpys_reflection():
    draws = torch.rand(64, 2, generator=torch.Generator().manual_seed(0))
    shifted = crop(PICTURES, plan_crop(draws, (3,), (3, *SIZE)), SIZE)
    for picture, result, (v, u) in zip(PICTURES.numpy(), shifted.numpy(), (draws * 7).long().tolist(), strict=True):
        padded = np.pad(picture, ((0, 0), (3, 3), (3, 3)), mode="reflect")
        assert np.array_equal(result, padded[:, v : v + 12, u : u + 10])
    assert torch.equal(crop(PICTURES, plan_crop(draws, (0,), (3, *SIZE)), SIZE), PICTURES)
    for given in (PICTURES, PICTURES[:, :1], PICTURES[:, :, :1], PICTURES / 255, PICTURES[:0]):
        plan = plan_crop(draws[: len(given)], (40,), (3, *SIZE))  # several times there and back
        assert torch.equal(_gathered(given, plan), crop(given, plan, SIZE)), "as other processors compute it"


@pytest.mark.parametrize("size", [(224, 224), (40, 70), (300, 280)])
def test_rrc_is_pillows_resize_of_the_box_with_antialias(size):
    boxes = plan_random_resized_crop(DRAWS, (0.35,), (3, 300, 300))
    cut = random_resized_crop(LARGE_PHOTO, boxes, size)
    for picture, (top, left, bottom, right) in zip(cut, boxes.tolist(), strict=True):
        box = LARGE_PHOTO[0, :, top:bottom, left:right].permute(1, 2, 0).numpy()
        pillows = np.asarray(Image.fromarray(box).resize(size[::-1], Image.Resampling.BILINEAR)).astype(int)
        assert np.abs(picture.permute(1, 2, 0).numpy() - pillows).max() <= 1
    products = _resampled(LARGE_PHOTO, boxes.float(), size)  # what other processors compute
    assert (products.int() - cut).abs().max() <= 1
    floats = _resampled(LARGE_PHOTO / 255, boxes.float(), size) * 255
    assert (floats - cut).abs().max() < 1.1
    assert torch.equal(_resampled(LARGE_PHOTO[2:3], boxes[2:3].float(), size), products[2:3])


def test_boxes_have_the_area_and_aspect_that_is_said_and_lie_inside():
    draws = torch.rand(4000, 4, generator=torch.Generator().manual_seed(0))
    top, left, bottom, right = plan_random_resized_crop(draws, (0.35,), (3, 258, 258)).double().unbind(1)
    tall, wide = bottom - top, right - left
    assert (top >= 0).all() and (left >= 0).all() and (bottom <= 258).all() and (right <= 258).all()
    whole = (tall < 258) & (wide < 258)
    area, aspect = (tall * wide / 258**2)[whole], (wide / tall)[whole]
    assert 0.34 < area.min() < 0.36 and area.max() > 0.9
    assert 0.74 < aspect.min() < 0.77 and 1.3 < aspect.max() < 1.35
    assert (top == 0).any() and (bottom == 258).any() and (left == 0).any() and (right == 258).any()
    assert plan_random_resized_crop(torch.full((1, 4), 0.5), (1.0,), (3, 258, 258)).tolist() == [[0, 0, 258, 258]]
    side = round((0.675 * 258**2) ** 0.5)  # half way from 0.35 to 1, as high as wide
    assert plan_random_resized_crop(torch.tensor([[0.5, 0.5, 0.0, 0.0]]), (0.35,), (3, 258, 258)).tolist() == [[0, 0, side, side]]


def test_a_box_may_be_one_pixel():
    boxes = plan_random_resized_crop(torch.tensor([[0.0, 0.5, 0.0, 0.0]]), (1 / 64,), (3, 8, 8))
    assert boxes.tolist() == [[0, 0, 1, 1]]
