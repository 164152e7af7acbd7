"""The form of a training: its settings as a page shows them, and a page's answers as checked words of the command line."""

import dataclasses
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, get_type_hints

from ..base.errors import UsageError, listed, plain, unknown
from ..base.settings import from_dict, sections, spelled
from ..recipes.recipe import Recipe, code_in

ASKED = ("minutes", "from_")  # questions of their own
# settings whose words are paths, or leave the machine: they are for the command line
WITHHELD = ("leave_out", "division", "teacher", "objective", "loggers")
KINDS = {bool: "flag", int: "integer", float: "number", str: "text"}


def recipes() -> list[str]:
    """The names of the recipes that ship with the package."""
    return sorted(file.name.removesuffix(".toml") for file in files("clearsight.recipes").iterdir() if file.name.endswith(".toml"))


def form() -> list[dict[str, Any]]:
    """The sections of the settings: title, and name, help, default, kind, choices and limits of each."""
    hints = get_type_hints(Recipe)
    found = []
    for title, fields in sections(Recipe).items():
        rows = [
            {
                "name": spelled(field.name), "help": field.metadata["help"], "default": field.default, "kind": KINDS[hints[field.name]],
                "choices": ["auto", *recipes()] if field.name == "recipe" else list(field.metadata["choices"]),
                "low": field.metadata["low"], "high": field.metadata["high"],
            }
            for field in fields if field.name not in (*ASKED, *WITHHELD)
        ]  # fmt: skip
        found += [{"title": title, "settings": rows}] if rows else []
    return found


def options(settings: Mapping[str, Any]) -> list[str]:
    """The settings of a page as options of `clearsight train`; raises UsageError for a wrong one, and one that a page may not make."""
    names = {spelled(field.name): field.name for field in dataclasses.fields(Recipe)}
    for name in settings:
        if name not in names or names[name] in (*WITHHELD, "from_"):
            raise unknown("setting of this page", name, [one for one in names if names[one] not in (*WITHHELD, "from_")])
    recipe = from_dict(Recipe, settings)
    if found := code_in(dataclasses.asdict(recipe)):
        raise UsageError(f"code is named on the command line only, with --model @module:Net and the like. Got {listed(found)}.")
    if recipe.recipe != "auto" and recipe.recipe not in recipes():
        raise unknown("recipe", plain(recipe.recipe), ["auto", *recipes()])
    return [word for name in settings for word in option(name, getattr(recipe, names[name]))]


def option(name: str, value: Any) -> list[str]:
    """A setting as words of the command line."""
    flag, text = f"--{name.replace('_', '-')}", str(value)
    if isinstance(value, bool):
        return [flag] if value else []
    return [f"{flag}={text}"] if text.startswith("-") or not text else [flag, text]


def starting(words: str) -> list[str]:
    """The option for the weights to start from; '' leaves it open, and `none` are random ones."""
    return option("from", words) if words else []
