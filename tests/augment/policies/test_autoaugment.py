"""AutoAugment: the tables as published, each change by Pillow, and a line drawn for every picture."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps
from skimage import data as photographs

from clearsight.augment.levels import quantised
from clearsight.augment.policies.autoaugment import DRAWS, KINDS, TABLES, Step, _apply_step
from clearsight.augment.policies.search_space import plan_policy
from clearsight.augment.registry import AUGMENTATIONS, ROWS

PHOTO = photographs.chelsea()[40:136, 60:188]
SIZE = PHOTO.shape[:2]
PICTURES = torch.from_numpy(PHOTO.copy()).permute(2, 0, 1)[None].repeat(8, 1, 1, 1)
IMAGE = Image.fromarray(PHOTO)


def test_the_tables_are_the_published_ones():
    """25 lines each; some that are told apart by eye in the paper's tables 7 to 9."""
    assert {name: len(table) for name, table in TABLES.items()} == {"cifar10": 25, "svhn": 25, "imagenet": 25}
    assert TABLES["cifar10"][1] == (Step("Rotate", 0.7, 2), Step("TranslateX", 0.3, 9))
    assert TABLES["svhn"][15] == (Step("Invert", 0.8, 0), Step("TranslateY", 0.0, 2))
    assert TABLES["imagenet"][0] == (Step("Posterize", 0.4, 8), Step("Rotate", 0.6, 9))
    steps = [step for table in TABLES.values() for line in table for step in line]
    assert {step.name for step in steps} == set(KINDS)
    assert all(0 <= step.chance <= 1 and 0 <= step.amount <= 9 for step in steps)


def one(name, amount, way=0.9):
    """As `(H, W, C)` in whole levels."""
    made = _apply_step(ROWS, Step(name, 1.0, amount), PICTURES[:1], torch.tensor([way]))[0].permute(1, 2, 0)
    return made.numpy().astype(int) if made.dtype == torch.uint8 else (made * 255).round().int().numpy()


@pytest.mark.parametrize("amount", range(10))
def test_changes_of_levels_are_pillows(amount):
    share = amount / 9
    assert np.array_equal(one("Posterize", amount), np.asarray(ImageOps.posterize(IMAGE, 8 - round(4 * share))))
    assert np.array_equal(one("Solarize", amount), np.asarray(ImageOps.solarize(IMAGE, 255 * (9 - amount) / 9 - 1e-9)))
    for name, enhance in (("Color", "Color"), ("Contrast", "Contrast"), ("Brightness", "Brightness"), ("Sharpness", "Sharpness")):
        theirs = np.asarray(getattr(ImageEnhance, enhance)(IMAGE).enhance(0.1 + 1.8 * share)).astype(int)
        assert np.abs(one(name, amount) - theirs).max() <= 2, name  # Pillow cuts off fractions, of the mean as well


def test_changes_without_an_amount_are_pillows():
    for name, change in (("AutoContrast", ImageOps.autocontrast), ("Equalize", ImageOps.equalize), ("Invert", ImageOps.invert)):
        assert np.array_equal(one(name, 0), np.asarray(change(IMAGE))), name


@pytest.mark.parametrize(("name", "axis"), [("TranslateX", 1), ("TranslateY", 0)])
def test_translations_go_along_one_axis_either_way(name, axis):
    moved = 150 / 331 * 3 / 9 * SIZE[axis]
    there, back = (one(name, 3, way) for way in (0.9, 0.1))
    whole = int(moved)
    for made, start in ((there, -1), (back, 1)):  # within a pixel of the whole shift: between its two neighbours
        near = [np.roll(PHOTO.astype(int), start * shift, axis) for shift in (whole, whole + 1)]
        inner = np.s_[60:-60] if axis == 1 else np.s_[:]
        middle = np.s_[inner, 40:-40] if axis == 0 else np.s_[:, 30:-30]
        low, high = np.minimum(*near)[middle], np.maximum(*near)[middle]
        rows = np.s_[20:-20] if axis == 0 else np.s_[:]
        assert ((made[middle] >= low - 1) & (made[middle] <= high + 1))[rows].all(), start
        assert (made[middle] != PHOTO[middle])[rows].mean() > 0.5


@pytest.mark.parametrize(("way", "sign"), [(0.9, -1), (0.1, 1)])
def test_shear_and_rotation_are_pillows_either_way_by_the_papers_ranges(way, sign):
    """30° and 0.3 at most, of which the sixth of ten amounts is 5/9; away from the border, which Pillow leaves black."""
    height, width = SIZE
    slope = sign * 0.3 * 5 / 9
    sheared = {"ShearX": (1, slope, -slope * height / 2, 0, 1, 0), "ShearY": (1, 0, 0, slope, 1, -slope * width / 2)}
    theirs = {name: IMAGE.transform((width, height), Image.AFFINE, matrix, Image.BILINEAR) for name, matrix in sheared.items()}
    theirs["Rotate"] = IMAGE.rotate(sign * 30 * 5 / 9, Image.BILINEAR)
    for name, expected in theirs.items():
        away = np.abs(one(name, 5, way) - np.asarray(expected).astype(int))
        assert away[30:-30, 40:-40].max() <= 1, name


@pytest.mark.parametrize("name", TABLES)
def test_each_picture_goes_through_the_line_that_it_drew(name):
    draws = torch.rand(200, DRAWS, generator=torch.Generator().manual_seed(1))
    draws[:, 5] = (torch.arange(200) % 4 == 0).float() * 0.9  # every fourth is left alone at a share of ½
    pictures = torch.randint(0, 256, (200, 3, 20, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    made = AUGMENTATIONS[f"auto-{name}"].change(pictures, plan_policy(draws, (0.5,), (3, 20, 16)), (20, 16))
    happened = 0
    for i, (line, first, way, second, other, left) in enumerate(draws.tolist()):
        expected = pictures[i : i + 1]
        for step, chance, side in zip(TABLES[name][int(line * 25)], (first, second), (way, other), strict=True):
            if left < 0.5 and chance < step.chance:
                happened += 1
                expected = quantised(_apply_step(ROWS, step, expected, torch.tensor([side])))
        assert torch.equal(made[i], expected[0])
    assert happened > 100
