"""Changes to training pictures: each by its definition, and the same for a picture whatever stands beside it."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance
from skimage import data as photographs

from clearsight.augment import pipeline
from clearsight.augment.pipeline import (  # fmt: skip
    AUGMENTATIONS,
    POLICIES,
    Op,
    apply,
    crop,
    flip,
    inputs,
    jitter,
    margin,
    parse,
    plan_crop,
    plan_flip,
    plan_jitter,
    plan_rrc,
    rrc,
)
from clearsight.augment.policies import policy
from clearsight.base.errors import UsageError
from clearsight.images.preprocess import Preprocessing

SIZE = (12, 10)
PICTURES = torch.randint(0, 256, (64, 3, *SIZE), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
LARGER = torch.randint(0, 256, (64, 3, 24, 20), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
INDICES = torch.arange(64)


PLACES = ("flip", "crop", "rrc", "rotate", "shear", "translate", "zoom", "perspective", "elastic", "sharpen")  # no level changes


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_the_contract_of_every_change(name):
    # with fewer than 255 pixels there is nothing to make equally frequent
    pictures, size = (LARGER, (24, 20)) if name == "equalise" else (PICTURES, SIZE)
    ops = parse(name)
    whole = apply(ops, pictures, INDICES, 5, 2, size)
    assert whole.shape == pictures.shape
    assert whole.dtype == torch.uint8 or (whole.min() >= 0 and whole.max() <= 1)
    last = apply(ops, pictures.contiguous(memory_format=torch.channels_last), INDICES, 5, 2, size)
    assert torch.equal(last, whole), "in any memory format"
    grey = apply(ops, pictures[:, :1], INDICES, 5, 2, size)
    assert torch.equal(apply(ops, pictures[9:10, :1], INDICES[9:10], 5, 2, size), grey[9:10])
    shuffled = torch.randperm(64, generator=torch.Generator().manual_seed(1))
    assert torch.equal(apply(ops, pictures[shuffled], shuffled, 5, 2, size), whole[shuffled])
    assert torch.equal(apply(ops, pictures[9:10], INDICES[9:10], 5, 2, size), whole[9:10])
    assert torch.equal(apply(ops, pictures, INDICES, 5, 2, size), whole)
    for many in (2, 7, 31):
        parts = [apply(ops, pictures[chunk], chunk, 5, 2, size) for chunk in INDICES.split(many)]
        assert torch.equal(torch.cat(parts), whole)
    for seed, epoch in ((6, 2), (5, 4), (5, 3)):
        assert not torch.equal(apply(ops, pictures, INDICES, seed, epoch, size), whole)
    constant = apply(ops, torch.full((8, 3, *size), 77, dtype=torch.uint8), torch.arange(8), 0, 0, size)
    if name not in ("noise", "erase"):
        assert (constant.float() - constant[:, :1, :1, :1]).abs().max() < 1e-5
    if name in PLACES:
        assert (constant == 77).all()


def test_flip_by_definition_and_as_often_as_asked():
    draws = torch.tensor([[0.1], [0.9]])
    flipped = flip(PICTURES[:2], plan_flip(draws, (0.5,), (3, *SIZE)), SIZE)
    assert torch.equal(flipped[0], PICTURES[0].flip(2))
    assert torch.equal(flipped[1], PICTURES[1])
    for layout in (torch.contiguous_format, torch.channels_last):
        large = PHOTO[:2].contiguous(memory_format=layout)
        assert large[0].nbytes > pipeline.LARGE
        assert torch.equal(flip(large, torch.tensor([True, False]), (300, 300)), torch.stack((PHOTO[0].flip(2), PHOTO[1])))
    many = torch.arange(10, dtype=torch.uint8).view(1, 1, 1, 10).expand(20_000, 1, 1, 10)
    share = (apply(parse("flip:0.3"), many, torch.arange(20_000), 0, 0, (1, 10))[:, 0, 0, 0] == 9).float().mean()
    assert abs(float(share) - 0.3) < 0.013  # four standard errors


def test_two_epochs_show_a_picture_both_ways_round():
    even, odd = (apply(parse("flip"), PICTURES, INDICES, 0, epoch, SIZE) for epoch in (4, 5))
    assert torch.equal(odd, even.flip(3))


def test_crop_is_numpys_reflection():
    draws = torch.rand(64, 2, generator=torch.Generator().manual_seed(0))
    shifted = crop(PICTURES, plan_crop(draws, (3,), (3, *SIZE)), SIZE)
    for picture, result, (v, u) in zip(PICTURES.numpy(), shifted.numpy(), (draws * 7).long().tolist(), strict=True):
        padded = np.pad(picture, ((0, 0), (3, 3), (3, 3)), mode="reflect")
        assert np.array_equal(result, padded[:, v : v + 12, u : u + 10])
    assert torch.equal(crop(PICTURES, plan_crop(draws, (0,), (3, *SIZE)), SIZE), PICTURES)
    for given in (PICTURES, PICTURES[:, :1], PICTURES[:, :, :1], PICTURES / 255, PICTURES[:0]):
        plan = plan_crop(draws[: len(given)], (40,), (3, *SIZE))  # several times there and back
        assert torch.equal(pipeline._gathered(given, plan), crop(given, plan, SIZE)), "as other processors compute it"


PHOTO = torch.from_numpy(photographs.chelsea()[:, :300]).permute(2, 0, 1)[None].expand(8, -1, -1, -1)
DRAWS = torch.rand(8, 4, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("size", [(224, 224), (40, 70), (300, 280)])
def test_rrc_is_pillows_resize_of_the_box_with_antialias(size):
    boxes = plan_rrc(DRAWS, (0.35,), (3, 300, 300))
    cut = rrc(PHOTO, boxes, size)
    for picture, (top, left, bottom, right) in zip(cut, boxes.tolist(), strict=True):
        box = PHOTO[0, :, top:bottom, left:right].permute(1, 2, 0).numpy()
        pillows = np.asarray(Image.fromarray(box).resize(size[::-1], Image.Resampling.BILINEAR)).astype(int)
        assert np.abs(picture.permute(1, 2, 0).numpy() - pillows).max() <= 1
    products = pipeline._resampled(PHOTO, boxes.float(), size)  # what other processors compute
    assert (products.int() - cut).abs().max() <= 1
    floats = pipeline._resampled(PHOTO / 255, boxes.float(), size) * 255
    assert (floats - cut).abs().max() < 1.1
    assert torch.equal(pipeline._resampled(PHOTO[2:3], boxes[2:3].float(), size), products[2:3])


def test_boxes_have_the_area_and_aspect_that_is_said_and_lie_inside():
    draws = torch.rand(4000, 4, generator=torch.Generator().manual_seed(0))
    top, left, bottom, right = plan_rrc(draws, (0.35,), (3, 258, 258)).double().unbind(1)
    tall, wide = bottom - top, right - left
    assert (top >= 0).all() and (left >= 0).all() and (bottom <= 258).all() and (right <= 258).all()
    whole = (tall < 258) & (wide < 258)
    area, aspect = (tall * wide / 258**2)[whole], (wide / tall)[whole]
    assert 0.34 < area.min() < 0.36 and area.max() > 0.9
    assert 0.74 < aspect.min() < 0.77 and 1.3 < aspect.max() < 1.35
    assert (top == 0).any() and (bottom == 258).any() and (left == 0).any() and (right == 258).any()
    assert plan_rrc(torch.full((1, 4), 0.5), (1.0,), (3, 258, 258)).tolist() == [[0, 0, 258, 258]]


def one_jitter(brightness=0.5, contrast=0.5, saturation=0.5, hue=0.5, strengths=(0.4, 0.4, 0.4, 0.1)):
    """PHOTO changed as by these draws, 0 to 255."""
    draws = torch.tensor([[brightness, contrast, saturation, hue]])
    return jitter(PHOTO[:1], plan_jitter(draws, strengths, (3, 300, 300)), (300, 300))[0].permute(1, 2, 0).numpy() * 255


@pytest.mark.parametrize(("name", "enhance"), [("brightness", "Brightness"), ("contrast", "Contrast"), ("saturation", "Color")])
@pytest.mark.parametrize("draw", [0.0, 0.3, 0.8])
def test_jitter_is_pillows_enhancement(name, enhance, draw):
    picture = Image.fromarray(PHOTO[0].permute(1, 2, 0).numpy())
    pillows = np.asarray(getattr(ImageEnhance, enhance)(picture).enhance(1 + 0.4 * (2 * draw - 1))).astype(float)
    assert np.abs(one_jitter(**{name: draw}) - pillows).max() <= 2  # Pillow cuts off fractions, of the mean as well


def test_hue_turns_red_into_green_keeps_luma_and_leaves_grey():
    third = torch.tensor([[0.5, 0.5, 0.5, 1.0]])
    red = torch.tensor([0.6, 0.4, 0.4]).view(1, 3, 1, 1)
    turned = jitter(red, plan_jitter(third, (0.0, 0.0, 0.0, 1 / 3), (3, 1, 1)), (1, 1)).flatten()
    assert abs(float(turned @ torch.tensor(pipeline.LUMA) - red.flatten() @ torch.tensor(pipeline.LUMA))) < 1e-6
    assert turned.argmax() == 1 and abs(float(turned[0] - turned[2])) < 1e-6
    assert abs(float(turned[1] - turned[0]) - 0.2) < 1e-6
    grey = torch.full((1, 3, 2, 2), 0.3)
    assert (jitter(grey, plan_jitter(third, (0.0, 0.0, 0.9, 1 / 3), (3, 2, 2)), (2, 2)) - 0.3).abs().max() < 1e-6


def test_jitter_in_one_go_is_one_change_after_the_other_and_grey_knows_two():
    draws, strengths = DRAWS[:1], (0.1, 0.2, 0.3, 0.05)
    picture = torch.rand(1, 3, 9, 7, generator=torch.Generator().manual_seed(1)) * 0.3 + 0.3  # nothing is clamped
    step = picture
    for k in range(4):
        alone = tuple(strength if k == j else 0.0 for j, strength in enumerate(strengths))
        step = jitter(step, plan_jitter(draws, alone, (3, 9, 7)), (9, 7))
    whole = jitter(picture, plan_jitter(draws, strengths, (3, 9, 7)), (9, 7))
    assert (whole - step).abs().max() < 1e-6
    grey = picture[:, :1]
    as_colour = jitter(grey.expand(1, 3, 9, 7), plan_jitter(draws, strengths, (3, 9, 7)), (9, 7))
    assert (jitter(grey, plan_jitter(draws, strengths, (1, 9, 7)), (9, 7)) - as_colour[:, :1]).abs().max() < 1e-6


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("text", ["", "flip crop:2", "rrc flip", "rrc flip jitter", "jitter rrc", "jitter jitter"])
@pytest.mark.parametrize("channels", [1, 3])
def test_inputs_are_the_changed_pictures_normalised_in_any_batch_and_layout(text, channels, layout, monkeypatch):
    order = "bgr" if channels == 3 else "rgb"
    to = Preprocessing(channels, *SIZE, order=order, mean=(0.4, 0.5, 0.6)[:channels], std=(0.2, 0.25, 0.3)[:channels])
    pictures, ops = PICTURES[:, :channels].contiguous(memory_format=layout), parse(text)
    made = inputs(ops, pictures, INDICES, 5, 2, to, layout)
    assert made.dtype == torch.float32 and made.is_contiguous(memory_format=layout)
    assert (made - to.normalise(apply(ops, PICTURES[:, :channels], INDICES, 5, 2, SIZE))).abs().max() < 1e-5
    monkeypatch.setattr(pipeline, "CACHE", 5 * 4 * channels * 120)  # five pictures at a time
    assert torch.equal(inputs(ops, pictures, INDICES, 5, 2, to, layout), made)
    assert torch.equal(inputs(ops, pictures[7:10], INDICES[7:10], 5, 2, to, layout), made[7:10])
    assert inputs(ops, pictures[:0], INDICES[:0], 5, 2, to, layout).shape == (0, channels, *SIZE)


def test_words_are_read_and_wrong_ones_refused():
    assert parse(" flip  crop:2 ") == (Op("flip", (0.5,)), Op("crop", (2,)))
    assert parse("") == ()
    assert parse("jitter")[0].strengths == (0.4, 0.4, 0.4, 0.1)
    assert parse("jitter:0.2")[0].strengths == pytest.approx((0.2, 0.2, 0.2, 0.05))
    assert parse("jitter:0.1:0.2:0.3:0")[0].strengths == (0.1, 0.2, 0.3, 0.0)
    assert (margin(parse("flip crop")), margin(parse("flip rrc"))) == (1.0, 1.15)
    assert parse("flip @package.changes:Jigsaw.four") == (Op("flip", (0.5,)), Op("@package.changes:Jigsaw.four", ()))
    for text, says in (
        ("@package", "written @package.module:name"),
        ("@package:", "written @package.module:name"),
        ("@pack-age:name", "written @package.module:name"),
        ("@package:name:0.5", "written @package.module:name"),
        ("filp", "Did you mean flip"),
        ("crop:-1", "from 0 to 64"),
        ("crop:x", "a whole number from 0 to 64"),
        ("crop:2.5", "whole"),
        ("flip:nan", "from 0 to 1"),
        ("flip:0.1:0.2", "a number from 0 to 1"),
        ("jitter:0.1:0.2", "1 or 4 numbers from 0 to 1"),
        ("jitter:0.1:0.2:x:0", "1 or 4 numbers"),
        ("jitter:", "1 or 4 numbers"),
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


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_takes_pictures_after_a_change_of_colour(name):
    """Which are floats: as levels they are what it would have been given."""
    before = apply(parse("brightness"), PICTURES, INDICES, 3, 0, SIZE)
    row, draws = AUGMENTATIONS[name], torch.rand(64, AUGMENTATIONS[name].draws, generator=torch.Generator().manual_seed(0))
    plan = row.plan(draws, row.default, (3, *SIZE))
    after, of_levels = (row.change(given, plan, SIZE) for given in (before, (before * 255).round().to(torch.uint8)))
    assert torch.equal(after, of_levels)


@pytest.mark.parametrize("name", POLICIES)
def test_policies_are_drawn_for_every_picture(name):
    same = PICTURES[:1].expand(64, -1, -1, -1)
    made = apply(parse(name), same, INDICES, 0, 0, SIZE).float()
    different = {tuple(picture.flatten().tolist()) for picture in made}
    least = 20 if name.startswith("auto-") else 40  # of 25 lines with few amounts
    assert len(different) > least, "one picture, many changes within a batch"


def test_trivial_is_one_change_of_the_list_with_its_strength():
    """The second sixth or so of the list's choices: each picture is what its own change alone makes of it."""
    draws = torch.rand(64, policy.TRIVIAL, generator=torch.Generator().manual_seed(0))
    plan = policy.plan(draws, (1.0,), (3, *SIZE))
    made = AUGMENTATIONS["trivial"].change(PICTURES, plan, SIZE)
    seen = set()
    for i in range(64):
        name, most, fixed = policy.WIDE[int(draws[i, 0] * len(policy.WIDE))]
        seen.add((name, fixed))
        if not name:
            assert torch.equal(made[i], PICTURES[i])
            continue
        row, own = AUGMENTATIONS[name], draws[i : i + 1, 1 : 1 + AUGMENTATIONS[name].draws].clone()
        if fixed:
            own[0, fixed[0]] = fixed[1]
        alone = row.change(PICTURES[i : i + 1], row.plan(own, most, (3, *SIZE)), SIZE)
        alone = alone if alone.dtype == torch.uint8 else (alone * 255).round().to(torch.uint8)
        assert torch.equal(made[i], alone[0]), name
    assert len(seen) == len(policy.WIDE)


@pytest.mark.parametrize("listed", [policy.WIDE, policy.GENTLE])
def test_shear_and_translation_of_a_policy_go_along_one_axis(listed):
    """Of two crossed stripes each of the four changes leaves the one along its axis as it is."""
    stripes = torch.zeros(2, 1, 40, 40, dtype=torch.uint8)
    stripes[0, :, 8:12], stripes[1, ..., 8:12] = 200, 200
    moved = []
    for i, entry in enumerate(listed):
        choice, draws = torch.full((2,), (i + 0.5) / len(listed)), torch.full((2, policy.DRAWS), 0.9)
        made = policy._one_each(AUGMENTATIONS, listed, stripes, choice, draws, torch.ones(2))
        moved += [(entry.row, k) for k in (1, 0) if entry.row in ("shear", "translate") and not torch.equal(made[k], stripes[k])]
    assert moved == [("shear", 1), ("shear", 0), ("translate", 1), ("translate", 0)]  # x and y, each once


def test_rand_goes_as_far_as_its_strength():
    """Turned by 67.5°, half of the largest, one way or the other; never by less."""
    choice = (next(i for i, (name, *_) in enumerate(policy.WIDE) if name == "rotate") + 0.5) / len(policy.WIDE)
    draws = torch.full((2, policy.RAND), 0.01)
    draws[:, 0], draws[0, 1], draws[1, 1] = choice, 0.3, 0.7
    made = AUGMENTATIONS["rand"].change(PICTURES[:2], policy.plan(draws, (5.0,), (3, *SIZE)), SIZE)
    row = AUGMENTATIONS["rotate"]
    for i, draw in enumerate((0.0, 1 - 2.0**-24)):
        turned = row.change(PICTURES[i : i + 1], row.plan(torch.tensor([[draw]]), (67.5,), (3, *SIZE)), SIZE)
        assert torch.equal(made[i], turned[0])


def test_augmix_is_a_weighted_mean():
    made = apply(parse("augmix"), PICTURES, INDICES, 0, 0, SIZE)
    assert made.dtype == torch.float32 and float(made.min()) >= 0 and float(made.max()) <= 1 + 1e-6
    draws = torch.rand(64, policy.AUGMIX, generator=torch.Generator().manual_seed(0))
    draws[:, policy.CHAINS] = 1.0  # all of the picture itself
    kept = AUGMENTATIONS["augmix"].change(PICTURES, policy.plan(draws, (1.0,), (3, *SIZE)), SIZE)
    assert torch.allclose(kept, PICTURES / 255)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_augmix_mixes_chains_of_one_two_and_three_steps(share, monkeypatch):
    """With steps that add one level each, a mean of the picture and of three chains says how long the chains were, and their weights."""
    monkeypatch.setattr(policy, "_one_each", lambda rows, listed, pictures, *_: pictures + 1)
    pictures = PICTURES.clamp(max=250)
    draws = torch.rand(64, policy.AUGMIX, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    draws[:, policy.CHAINS + 1] = share  # which chain has which length
    made = AUGMENTATIONS["augmix"].change(pictures, policy.plan(draws, (1.0,), (3, *SIZE)), SIZE)
    exponential = -np.log(1 - draws[:, :3].numpy())
    weights = exponential / exponential.sum(1, keepdims=True)
    first = int(share * 3) + 1
    steps = np.array([first, first % 3 + 1, (first + 1) % 3 + 1])  # each length once
    expected = (1 - draws[:, 3].numpy()) * (weights @ steps)
    levels = made * 255 - pictures
    np.testing.assert_allclose(levels.flatten(1).mean(1), expected, atol=1e-3)
    assert (levels.flatten(1).std(1) < 1e-3).all()
