"""A page's answers become words of the command line: checked as a recipe is, without paths and without code."""

import pytest

from clearsight.base.errors import UsageError
from clearsight.recipes.compose import built_in
from clearsight.recipes.recipe import Recipe
from clearsight.studio.form import WITHHELD, form, options, recipes, starting


def test_the_form_has_every_setting_but_those_withheld():
    rows = {one["name"]: one for section in form() for one in section["settings"]}
    assert set(rows) == set(Recipe.__dataclass_fields__) - {"minutes", "from_", *WITHHELD}
    assert rows["epochs"] == {
        "name": "epochs", "help": Recipe.__dataclass_fields__["epochs"].metadata["help"], "default": 10, "kind": "integer", "choices": [],
        "low": 1, "high": None,
    }  # fmt: skip
    assert rows["recipe"]["choices"] == ["auto", *sorted(built_in())] == ["auto", *recipes()]
    assert rows["scale_lr"]["kind"] == "flag" and rows["lr"]["kind"] == "number" and "adamw" in rows["optimizer"]["choices"]


def test_answers_become_options():
    asked = {"epochs": 3, "lr": 0.01, "scale_lr": True, "sync_norm": False, "model": "lenet5", "dropout": -1, "mix": "", "minutes": 5}
    assert options(asked) == [
        "--epochs", "3", "--lr", "0.01", "--scale-lr", "--model", "lenet5", "--dropout=-1.0", "--mix=", "--minutes", "5.0",
    ]  # fmt: skip
    assert options({}) == []
    assert (starting(""), starting("none"), starting("runs/a")) == ([], ["--from", "none"], ["--from", "runs/a"])
    assert starting("-x") == ["--from=-x"]  # a run's folder is no option


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"epochs": 0}, "at least 1"),
        ({"epochs": "many"}, "a whole number"),
        ({"optimizer": "sdg"}, "Did you mean sgd"),
        ({"epoch": 3}, "no setting of this page"),
        ({"from": "/etc"}, "no setting of this page"),
        ({"from_": "/etc"}, "no setting of this page"),
        ({"leave_out": "/etc/passwd"}, "no setting of this page"),
        ({"teacher": "runs/x"}, "no setting of this page"),
        ({"recipe": "/tmp/evil.toml"}, "no recipe is called"),
        ({"model": "@os:system"}, "code is named on the command line only"),
        ({"augment": "flip @evil:go"}, "code is named on the command line only"),
    ],
)
def test_what_a_page_may_not_ask(settings, words):
    with pytest.raises(UsageError, match=words):
        options(settings)
