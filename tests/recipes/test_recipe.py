"""Recipes: limits and defaults of the settings; every open question is answered from the data."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from clearsight.base.errors import UsageError
from clearsight.base.settings import from_dict
from clearsight.datasets.open import open_dataset
from clearsight.datasets.split import split
from clearsight.models import facts
from clearsight.recipes.compose import built_in, compose
from clearsight.recipes.recipe import Pretraining, Recipe, difference
from clearsight.training.resolve import SAMPLE_SIZE, resolve
from tests.pictures import digit_arrays, digit_folder


def resolved(given, data):
    return resolve(compose(given), given, data)


def test_alexnets_is_the_lectures():
    recipe = compose({"recipe": "alexnet"})
    told = (recipe.optimizer, recipe.momentum, recipe.lr, recipe.schedule, recipe.weight_decay, recipe.batch, recipe.dropout)
    assert told == ("sgd", 0.9, 1e-2, "plateau", 5e-4, 128, 0.5)


def test_every_networks_default_recipe_exists():
    assert {row.recipe for row in facts.every()} <= set(built_in())


# default, lowest and highest value of every number, as the reference of recipes lists them
NUMBERS = {
    "layer_decay": (1.0, 0.01, 1), "l2sp": (0.0, 0, None), "size": (0, 0, 4096), "channels": (0, 0, 256), "epochs": (10, 1, None),
    "minutes": (0.0, 0, None), "batch": (128, 2, None), "accumulate": (1, 1, None), "lr": (0.002, 0, None), "momentum": (0.9, 0, 1),
    "weight_decay": (0.0005, 0, None), "l2": (0.0, 0, None), "warmup": (0.1, 0, 1), "plateau": (3, 1, None), "patience": (0, 0, None),
    "label_smoothing": (0.0, 0, 0.9), "focal": (0.0, 0, 10), "dropout": (-1.0, -1, 0.99), "clip": (0.0, 0, None),
    "ema": (0.0, 0, 0.99999), "soup": (0, 0, None), "ensemble": (1, 1, 100), "seed": (0, 0, 2147483647), "split_seed": (0, -1, 2147483647),
    "val": (0.1, 0, 0.9), "test": (0.2, 0.001, 0.9), "share": (1.0, 1e-06, 1), "spread": (0, 0, None), "workers": (0, 0, 256),
    "aug_repeats": (1, 1, 64), "checkpoint_minutes": (5.0, 0, None), "timeout_minutes": (5.0, 0.05, 1440), "temperature": (0.1, 0.025, 10),
    "projection": (128, 2, 4096),
}  # fmt: skip


def test_every_number_is_allowed_up_to_its_limits_and_refused_beyond():
    recipe = Pretraining()
    numbers = {field.name for field in dataclasses.fields(Pretraining) if type(getattr(recipe, field.name)) in (int, float)}
    assert set(NUMBERS) == numbers
    for name, (default, low, high) in NUMBERS.items():
        assert getattr(recipe, name) == default, name
        step = 1 if isinstance(default, int) else 1e-9
        for limit, way, said in ((low, -step, "at least"), (high, step, "at most")):
            if limit is None:
                assert getattr(from_dict(Pretraining, {name: 10**9}), name) == 10**9
                continue
            assert getattr(from_dict(Pretraining, {name: limit}), name) == limit, name
            with pytest.raises(UsageError, match=f"{name} must be {said}"):
                from_dict(Pretraining, {name: limit + way})


def test_switches_are_off():
    recipe = Pretraining()
    assert [field.name for field in dataclasses.fields(recipe) if getattr(recipe, field.name) is True] == []


def test_the_data_answer_what_is_left_open(tmp_path):
    digits = resolved({}, open_dataset("digits").parts["train"])
    assert (digits.model, digits.size, digits.channels) == ("swift", 28, 1)
    assert "flip" not in digits.augment and "crop" in digits.augment
    pixels = resolved({"model": "pixels"}, open_dataset("digits").parts["train"])
    assert (pixels.size, pixels.augment) == (8, "")
    folder = open_dataset(digit_folder(tmp_path / "photos", per_class=3, classes=2, side=200))
    photos = resolved({}, folder.parts["all"])
    assert (photos.model, photos.size, photos.channels, photos.recipe) == ("resnet18", 128, 1, "quick")
    assert "rrc" in photos.augment
    colour = np.zeros((4, 40, 50, 3), np.uint8), np.array([0, 0, 1, 1])
    assert (resolved({}, open_dataset(colour).parts["all"]).channels, resolved({"size": 32}, open_dataset(colour).parts["all"]).size) == (
        3,
        32,
    )


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_one_colour_picture_among_many_grey_ones_keeps_its_colours(tmp_path, ending):
    picture = Image.new("L", (4, 4), 90)
    for i in range(SAMPLE_SIZE + 400):
        path = tmp_path / "ab"[i % 2] / f"{i:04d}.{ending}"
        path.parent.mkdir(exist_ok=True)
        picture.save(path)
    data = open_dataset(tmp_path).parts["all"]
    assert resolved({}, data).channels == 1
    last = str(data.source(len(data) - 2))  # not among those looked at for their size
    picture.convert("RGB").save(last)
    assert resolved({}, data).channels == 3
    assert resolved({"channels": 1}, data).channels == 1


@pytest.mark.parametrize(("augment", "expected"), [("flip crop:2", "mirror"), ("crop:2", ""), ("", "")])
def test_answers_are_mirrored_where_training_is(augment, expected):
    data = split(open_dataset(digit_arrays(40))).parts["train"]
    assert resolved({"views": "auto", "augment": augment}, data).views == expected
    assert resolved({"views": "shift:1", "augment": augment}, data).views == "shift:1"
    with pytest.raises(UsageError, match="ten-crop"):
        compose({"views": "tencrop"})


def test_the_division_has_a_seed_of_its_own():
    assert (compose({}).carved_by, compose({"seed": 3}).carved_by) == (0, 0)
    assert compose({"seed": 3, "split_seed": 5}).carved_by == 5
    assert compose({"seed": 3, "split_seed": -1}).carved_by == 3  # as runs of before had it


def test_the_difference_has_what_is_not_the_same():
    assert difference(dataclasses.replace(Recipe(), epochs=3, ema=0.5), Recipe()) == {"epochs": 3, "ema": 0.5}
