"""Changes to training pictures: each by its definition, and the same for a picture whatever stands beside it."""

import numpy as np
import pytest
import torch

from clearsight.base.errors import UsageError
from clearsight.images.augment import AUGMENTATIONS, Op, apply, crop, flip, margin, parse, rrc

SIZE = (12, 10)
PICTURES = torch.randint(0, 256, (64, 3, *SIZE), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
INDICES = torch.arange(64)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_the_contract_of_every_change(name):
    ops = parse(name)
    whole = apply(ops, PICTURES, INDICES, 5, 2, SIZE)
    assert whole.shape == PICTURES.shape
    assert whole.dtype == torch.uint8
    shuffled = torch.randperm(64, generator=torch.Generator().manual_seed(1))
    assert torch.equal(apply(ops, PICTURES[shuffled], shuffled, 5, 2, SIZE), whole[shuffled])
    assert torch.equal(apply(ops, PICTURES[9:10], INDICES[9:10], 5, 2, SIZE), whole[9:10])
    assert torch.equal(apply(ops, PICTURES, INDICES, 5, 2, SIZE), whole)
    for size in (2, 7, 31):
        parts = [apply(ops, PICTURES[chunk], chunk, 5, 2, SIZE) for chunk in INDICES.split(size)]
        assert torch.equal(torch.cat(parts), whole)
    for seed, epoch in ((6, 2), (5, 4), (5, 3)):
        assert not torch.equal(apply(ops, PICTURES, INDICES, seed, epoch, SIZE), whole)
    constant = torch.full((8, 3, *SIZE), 77, dtype=torch.uint8)
    assert (apply(ops, constant, torch.arange(8), 0, 0, SIZE) == 77).all()


def test_flip_by_definition_and_as_often_as_asked():
    draws = torch.tensor([[0.1], [0.9]])
    flipped = flip(PICTURES[:2], draws, 0.5, SIZE)
    assert torch.equal(flipped[0], PICTURES[0].flip(2))
    assert torch.equal(flipped[1], PICTURES[1])
    many = torch.arange(10, dtype=torch.uint8).view(1, 1, 1, 10).expand(20_000, 1, 1, 10)
    share = (apply(parse("flip:0.3"), many, torch.arange(20_000), 0, 0, (1, 10))[:, 0, 0, 0] == 9).float().mean()
    assert abs(float(share) - 0.3) < 0.013  # four standard errors


def test_two_epochs_show_a_picture_both_ways_round():
    even, odd = (apply(parse("flip"), PICTURES, INDICES, 0, epoch, SIZE) for epoch in (4, 5))
    assert torch.equal(odd, even.flip(3))


def test_crop_is_numpys_reflection():
    draws = torch.rand(64, 2, generator=torch.Generator().manual_seed(0))
    shifted = crop(PICTURES, draws, 3, SIZE)
    for picture, result, (v, u) in zip(PICTURES.numpy(), shifted.numpy(), (draws * 7).long().tolist(), strict=True):
        padded = np.pad(picture, ((0, 0), (3, 3), (3, 3)), mode="reflect")
        assert np.array_equal(result, padded[:, v : v + 12, u : u + 10])
    assert torch.equal(crop(PICTURES, draws, 0, SIZE), PICTURES)


def test_rrc_of_everything_is_a_resize_and_stays_inside():
    draws = torch.full((64, 4), 0.5)  # aspect 1, in the middle
    square = PICTURES[:, :, :10]
    assert (rrc(square, draws, 1.0, (10, 10)).int() - square.int()).abs().max() <= 1
    ramp = torch.linspace(50, 200, 46).round().to(torch.uint8).expand(256, 1, 46, 46)
    cut = rrc(ramp, torch.rand(256, 4, generator=torch.Generator().manual_seed(0)), 0.35, (40, 40)).float()
    seen = (cut[..., -1].mean(-1) - cut[..., 0].mean(-1)) / 150  # share of the width that is left
    assert float(seen.min()) > (0.35 * 0.75) ** 0.5 - 0.1
    assert float(seen.max()) <= 1


def test_words_are_read_and_wrong_ones_refused():
    assert parse(" flip  crop:2 ") == (Op("flip", 0.5), Op("crop", 2.0))
    assert parse("") == ()
    assert (margin(parse("flip crop")), margin(parse("flip rrc"))) == (1.0, 1.15)
    for text, says in (
        ("filp", "Did you mean flip"),
        ("crop:-1", "from 0 to 64"),
        ("crop:x", "a whole number from 0 to 64"),
        ("crop:2.5", "whole"),
        ("flip:nan", "from 0 to 1"),
    ):
        with pytest.raises(UsageError, match=says):
            parse(text)


def test_nothing_asked_changes_nothing():
    for text in ("", "flip:0", "crop:0", "flip:0 crop:0"):
        assert torch.equal(apply(parse(text), PICTURES, INDICES, 0, 0, SIZE), PICTURES)


def test_larger_pictures_need_a_change_that_cuts_them():
    larger = torch.zeros(4, 3, 14, 12, dtype=torch.uint8)
    assert apply(parse("flip rrc"), larger, INDICES[:4], 0, 0, SIZE).shape == (4, 3, *SIZE)
    with pytest.raises(UsageError, match=r"\(14, 12\) after augmentation, not \(12, 10\)"):
        apply(parse("flip"), larger, INDICES[:4], 0, 0, SIZE)


def test_rrc_is_the_affine_grid():
    draws = torch.rand(8, 4, generator=torch.Generator().manual_seed(3))
    area = 0.35 + 0.65 * draws[:, 0]
    aspect = (4 / 3) ** (2 * draws[:, 1] - 1)
    tall, wide = (area / aspect * 10 / 12).sqrt().clamp(max=1), (area * aspect * 12 / 10).sqrt().clamp(max=1)
    theta = torch.zeros(8, 2, 3)
    theta[:, 0, 0], theta[:, 0, 2] = wide, (2 * draws[:, 2] - 1) * (1 - wide)
    theta[:, 1, 1], theta[:, 1, 2] = tall, (2 * draws[:, 3] - 1) * (1 - tall)
    grid = torch.nn.functional.affine_grid(theta, [8, 3, 9, 7], align_corners=False)
    wanted = torch.nn.functional.grid_sample(PICTURES[:8].float(), grid, padding_mode="reflection", align_corners=False)
    assert (rrc(PICTURES[:8], draws, 0.35, (9, 7)) - wanted).abs().max() <= 0.51
