"""The pictures of a training are stored with the margin that random crops need, and only with that."""

import pytest

from clearsight.datasets.open import open_dataset
from clearsight.datasets.split import split
from clearsight.recipes.recipe import compose
from clearsight.training.build import load
from clearsight.training.resolve import resolve
from tests.pictures import digit_arrays


@pytest.mark.parametrize(("augment", "stored"), [("rrc:0.35 flip", 32), ("flip crop:2", 28)])
def test_pictures_are_stored_larger_for_random_crops_only(augment, stored):
    splits = split(open_dataset(digit_arrays(4)))
    recipe = compose({"model": "lenet5", "augment": augment, "size": 28})
    recipe = resolve(recipe, {"model": "lenet5", "augment": augment, "size": 28}, splits.parts["train"])
    loaded = load(recipe, splits, None, True)
    assert loaded.train.batch(loaded.train.labels[:1] * 0).shape[-2:] == (stored, stored)
    assert loaded.val.batch(loaded.val.labels[:1] * 0).shape[-2:] == (28, 28)
