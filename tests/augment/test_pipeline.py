"""Augmentation as a whole: each change of a picture is the same in any batch, memory format and order."""

import pytest
import torch

from clearsight.augment import pipeline
from clearsight.augment.pipeline import apply, inputs, parse
from clearsight.augment.registry import AUGMENTATIONS
from clearsight.base.errors import UsageError
from clearsight.images.preprocess import Preprocessing

from .random_pictures import INDICES, LARGER, PICTURES, SIZE

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


def test_two_epochs_show_a_picture_both_ways_round():
    even, odd = (apply(parse("flip"), PICTURES, INDICES, 0, epoch, SIZE) for epoch in (4, 5))
    assert torch.equal(odd, even.flip(3))


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


def test_nothing_asked_changes_nothing():
    for text in ("", "flip:0", "crop:0", "flip:0 crop:0"):
        assert torch.equal(apply(parse(text), PICTURES, INDICES, 0, 0, SIZE), PICTURES)


def test_larger_pictures_need_a_change_that_cuts_them():
    larger = torch.zeros(4, 3, 14, 12, dtype=torch.uint8)
    assert apply(parse("flip rrc"), larger, INDICES[:4], 0, 0, SIZE).shape == (4, 3, *SIZE)
    with pytest.raises(UsageError, match=r"\(14, 12\) after augmentation, not \(12, 10\)"):
        apply(parse("flip"), larger, INDICES[:4], 0, 0, SIZE)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("text", ["rrc jitter", "jitter", "crop:2 flip"])
@pytest.mark.parametrize("many", [1, 5, 63, 64])
def test_parts_that_stay_in_the_cache_make_the_same_pictures_in_the_same_layout(many, text, layout, monkeypatch):
    pictures, ops = PICTURES.contiguous(memory_format=layout), parse(text)
    whole = apply(ops, pictures, INDICES, 5, 2, SIZE)
    monkeypatch.setattr(pipeline, "CACHE", many * 4 * PICTURES[0].numel())
    made = apply(ops, pictures, INDICES, 5, 2, SIZE)
    assert torch.equal(made, whole) and made.stride() == whole.stride()
    assert len(pipeline._cached(pictures)) == -(-len(pictures) // many)
