"""Compose a recipe: built-in recipe or file, then the settings that were given; and read the one that a run has saved."""

import dataclasses
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..base.code import allow, require_allowed
from ..base.errors import unknown
from ..base.settings import from_dict, read_toml
from ..models import canonical
from .conflicts import require_consistent
from .recipe import NONE, Pretraining, Recipe, Settings, code_in, difference
from .scaling import of_batch


def built_in() -> dict[str, Path]:
    """The recipes that ship with the package: name → TOML file."""
    folder = Path(str(files("clearsight") / "recipes"))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def saved(path: Path) -> Recipe:
    """The recipe that a run has saved, of a training with labels or without."""
    values = _of_today(read_toml(path))
    return from_dict(Pretraining if "temperature" in values else Recipe, values)


def require_own_code(given: Mapping[str, Any], allow_code: bool) -> None:
    """Raise UsageError if the recipe file in `given` names code that is not allowed; code in the other settings is the caller's own."""
    name = given.get("recipe", "auto")
    if name != "auto" and name not in built_in():
        require_allowed(code_in({key: value for key, value in _values(name).items() if key not in given}), name, allow_code)
    allow(code_in(given))


def unpacked(settings: Mapping[str, Any]) -> Settings:
    """The `settings` of a training, where `recipe` may be a Recipe, as names and values; other settings override its own.

    A resolved recipe, as a run saves it, is taken whole; of another the settings that differ from the defaults, over the recipe it names.
    """
    recipe = settings.get("recipe")
    if not isinstance(recipe, Recipe):
        return {**settings, "recipe": str(recipe)} if isinstance(recipe, Path) else dict(settings)
    open_ = recipe.size == 0 or recipe.channels == 0 or "auto" in (recipe.model, recipe.fit, recipe.augment, recipe.keep)
    values = difference(recipe, type(recipe)()) if open_ else dataclasses.asdict(recipe)
    return {**values, **{name: value for name, value in settings.items() if name != "recipe"}}


def compose(given: Mapping[str, Any], default: str = "quick", kind: type[Recipe] = Recipe, *, at_hand: bool = False) -> Recipe:
    """The recipe `given["recipe"]` (a name or a .toml file; `auto` is `default`, or tuning's) with the other `given` values laid over.

    `at_hand`: the data may turn out to be photographs, which start from trained weights at hand where nothing else is named.
    """
    name = given.get("recipe", "auto")
    if name == "auto":
        name = {"": default, "head": "solved"}.get(given.get("tune", ""), "tune")
    values = _values(name)
    if given.get("objective", values.get("objective")):
        values["label_smoothing"] = 0.0  # which belongs to cross-entropy
    recipe = from_dict(kind, {**values, **given, "recipe": name})
    recipe = dataclasses.replace(recipe, model=canonical(recipe.model), from_="" if recipe.from_ == NONE else recipe.from_)
    rate = of_batch(dataclasses.asdict(from_dict(kind, values)), given) if recipe.scale_lr else None
    if rate is not None:
        recipe = dataclasses.replace(recipe, lr=rate)
    require_consistent(recipe, at_hand and nothing_named(recipe, given))
    return recipe


def nothing_named(recipe: Recipe, given: Mapping[str, Any]) -> bool:
    """Whether `given` names no recipe, no network and no weights, so that the pictures may choose."""
    return recipe.model == "auto" and given.get("recipe", "auto") == "auto" and not (given.get("from_") or given.get("from"))


def scaling(given: Mapping[str, Any], recipe: Recipe) -> str:
    """One line on the learning rate where `given` changes the batch that it was stated for and not the rate itself, else ''."""
    known = {field.name for field in dataclasses.fields(Recipe)}
    stated = from_dict(Recipe, {key: value for key, value in _values(recipe.recipe).items() if key in known or key == "from"})
    rate = of_batch(dataclasses.asdict(stated), given)
    if rate is None:
        return ""
    of = f"lr {stated.lr:g} is stated for a batch of {stated.batch}"
    if recipe.scale_lr:
        return f"{of}: {recipe.lr:.3g} for one of {recipe.batch}"
    return f"{of} and stays with one of {recipe.batch}: --scale-lr makes it {rate:.3g}"


def _values(name: str) -> Settings:
    recipes = built_in()
    if name in recipes:
        return read_toml(recipes[name])
    if name.endswith(".toml"):
        return _of_today(read_toml(name))
    raise unknown("recipe", name, recipes)


def _of_today(values: Settings) -> Settings:
    """The values of a recipe that may be from before `mirror` was one of the views."""
    if "mirror" not in values:
        return values
    said = values["mirror"]
    views = {"on": "mirror", "off": ""}.get(said, said) if isinstance(said, str) else said
    return {"views": views, **{name: value for name, value in values.items() if name != "mirror"}}
