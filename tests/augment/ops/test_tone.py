"""Changes of tone against Pillow."""

import numpy as np
import torch
from PIL import Image, ImageOps

from clearsight.augment.ops import tone

from ..photo import PICTURES, SHAPE, SIZE, as_image, drawn, image


def test_solarise_and_posterise_are_pillows():
    solarised = tone.apply_table(PICTURES[:1], tone.plan_solarise(drawn(0.1, 0.5), (0.5,), SHAPE), SIZE)
    assert np.array_equal(as_image(solarised), np.asarray(ImageOps.solarize(image(), 192)))  # from ¾ of white on
    left = tone.apply_table(PICTURES[:1], tone.plan_solarise(drawn(0.6, 0.5), (0.5,), SHAPE), SIZE)
    assert torch.equal(left, PICTURES[:1])
    for draw, bits in ((0.0, 4), (0.35, 5), (0.99, 8)):
        made = tone.apply_table(PICTURES[:1], tone.plan_posterise(drawn(draw), (4,), SHAPE), SIZE)
        assert np.array_equal(as_image(made), np.asarray(ImageOps.posterize(image(), bits)))


def test_gamma_and_exposure_by_definition():
    ramp = np.arange(256) / 255
    table = tone.plan_gamma(drawn(0.9), (0.5,), SHAPE)[0].numpy()
    assert np.abs(table - 255 * ramp ** (1.5**0.8)).max() <= 0.501
    brighter = tone.plan_exposure(drawn(1.0), (1.0,), SHAPE)[0].numpy()
    # a level of 128 is 21.586 % of white's light; twice that is level 176 (IEC 61966-2-1)
    assert brighter[128] == 176 and brighter[0] == 0 and brighter[255] == 255
    assert np.array_equal(tone.plan_exposure(drawn(0.5), (1.0,), SHAPE)[0].numpy(), np.arange(256))


def test_equalise_is_pillows():
    mixed = torch.cat([PICTURES[:1], PICTURES[:1] // 3, torch.full_like(PICTURES[:1], 9)])
    made = tone.equalise(mixed, torch.ones(3, 1, 1, 1, dtype=torch.bool), SIZE)
    for before, after in zip(mixed, made, strict=True):
        theirs = ImageOps.equalize(Image.fromarray(before.permute(1, 2, 0).numpy()))
        assert np.array_equal(after.permute(1, 2, 0).numpy(), np.asarray(theirs))
    assert torch.equal(tone.equalise(mixed, torch.zeros(3, 1, 1, 1, dtype=torch.bool), SIZE), mixed)


def test_autocontrast_and_invert_are_pillows():
    mixed = torch.cat([PICTURES[:1], PICTURES[:1] // 3 + 40, torch.full_like(PICTURES[:1], 9)])
    for change, theirs in ((tone.autocontrast, ImageOps.autocontrast), (tone.invert, ImageOps.invert)):
        made = change(mixed, torch.ones(3, 1, 1, 1, dtype=torch.bool), SIZE)
        for before, after in zip(mixed, made, strict=True):
            expected = theirs(Image.fromarray(before.permute(1, 2, 0).numpy()))
            assert np.array_equal(after.permute(1, 2, 0).numpy(), np.asarray(expected))
        assert torch.equal(change(mixed, torch.zeros(3, 1, 1, 1, dtype=torch.bool), SIZE), mixed)


def test_autocontrast_is_pillows_for_every_range_of_levels():
    pairs = torch.tensor([(low, high) for low in range(0, 256, 5) for high in range(low, 256, 3)])
    pictures = torch.stack([pairs[:, 0], pairs[:, 1], pairs.sum(1) // 2], 1).to(torch.uint8)[:, None, None]  # (N, 1, 1, 3)
    made = tone.autocontrast(pictures, torch.ones(len(pairs), 1, 1, 1, dtype=torch.bool), (1, 3))
    theirs = [np.asarray(ImageOps.autocontrast(Image.fromarray(picture[0].numpy()))) for picture in pictures]
    assert np.array_equal(made[:, 0].numpy(), np.stack(theirs))


def test_equalise_is_pillows_for_pictures_too_small_or_too_flat_to_equalise():
    """A step of less than a pixel a level changes nothing, nor does a single level."""
    draw = torch.Generator().manual_seed(0)
    for height, width in ((3, 5), (16, 16), (16, 17), (16, 32), (17, 31)):
        noise = torch.randint(0, 256, (1, 1, height, width), dtype=torch.uint8, generator=draw)
        two, ramp = noise // 128 * 90 + 20, torch.arange(height * width).view(1, 1, height, width).clamp_max(255).to(torch.uint8)
        pictures = torch.cat([noise, two, ramp, noise // 255, torch.full_like(noise, 7)])
        made = tone.equalise(pictures, torch.ones(len(pictures), 1, 1, 1, dtype=torch.bool), (height, width))
        theirs = [np.asarray(ImageOps.equalize(Image.fromarray(picture[0].numpy()))) for picture in pictures]
        assert np.array_equal(made[:, 0].numpy(), np.stack(theirs)), (height, width)


def test_a_change_of_probability_0_is_never_made():
    assert not tone.plan_mask(torch.zeros(3, 1), (0.0,), SHAPE).any() and tone.plan_mask(torch.full((3, 1), 0.999), (1.0,), SHAPE).all()
