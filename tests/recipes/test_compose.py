"""Recipes composed: built-in ones are whole and typed, TOML and flags mean the same, files of older versions are read."""

import dataclasses
import tomllib

import pytest

from clearsight.base.errors import UsageError
from clearsight.base.settings import from_dict, to_toml
from clearsight.recipes.compose import built_in, compose, saved, unpacked
from clearsight.recipes.recipe import Recipe, difference


@pytest.mark.parametrize("name", built_in())
def test_built_in_recipes_are_valid_and_open_with_their_command(name):
    assert compose({"recipe": name}).recipe == name
    assert built_in()[name].read_text().startswith(("# clearsight train", "# clearsight pretrain"))


def test_toml_round_trip_and_a_file_as_recipe(tmp_path):
    recipe = compose({"recipe": "strong", "epochs": 7, "augment": 'flip "crop:2"\n', "lr": 1e-3})
    assert from_dict(Recipe, tomllib.loads(to_toml(recipe, "a title\nof two lines"))) == recipe
    path = tmp_path / "mine.toml"
    path.write_text(to_toml(dataclasses.replace(recipe, augment="flip")))
    again = compose({"recipe": str(path), "seed": 5})
    assert (again.epochs, again.lr, again.seed, again.augment) == (7, 1e-3, 5, "flip")


def test_from_is_a_word_of_python_and_a_setting_like_the_others(tmp_path):
    (tmp_path / "mine.toml").write_text('from = "keras:x.h5"\nresize_head = true\n')
    recipe = compose({"recipe": str(tmp_path / "mine.toml")})
    assert (recipe.from_, recipe.resize_head) == ("keras:x.h5", True)
    assert (
        compose({"recipe": recipe.recipe, "from_": "runs/a"}).from_
        == compose({"recipe": recipe.recipe, "from": "runs/a"}).from_
        == "runs/a"
    )
    text = to_toml(recipe)
    assert '\nfrom = "keras:x.h5"' in text and "\nfrom_" not in text and from_dict(Recipe, tomllib.loads(text)) == recipe
    with pytest.raises(UsageError, match=r"no setting is called 'form'\. Did you mean from"):
        compose({"form": "x"})
    with pytest.raises(UsageError, match="no setting is called 'epochs_'"):
        compose({"epochs_": 3})


@pytest.mark.parametrize(("mirror", "views"), [("on", "mirror"), ("off", ""), ("auto", "auto")])
def test_a_recipe_from_before_the_views_means_the_same(mirror, views, tmp_path):
    (tmp_path / "recipe.toml").write_text(f'mirror = "{mirror}"\n')
    assert compose({"recipe": str(tmp_path / "recipe.toml")}).views == saved(tmp_path / "recipe.toml").views == views


def test_of_a_recipe_that_is_open_only_the_differences_are_laid_over():
    closed = dataclasses.replace(Recipe(), size=8, channels=1, model="lenet5", fit="crop", augment="flip", keep="last")
    assert unpacked({"recipe": closed, "epochs": 3}) == {**dataclasses.asdict(closed), "epochs": 3}
    for opened in ({"size": 0}, {"channels": 0}, {"model": "auto"}, {"fit": "auto"}, {"augment": "auto"}, {"keep": "auto"}):
        recipe = dataclasses.replace(closed, **opened)
        assert unpacked({"recipe": recipe}) == difference(recipe, Recipe()) and next(iter(opened)) not in unpacked({"recipe": recipe})
