"""Settings as flat typed dataclasses: one vocabulary for Python, TOML files and command-line flags."""

import dataclasses
import json
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from .errors import ClearsightError, UsageError, unknown, wrong

Settings = TypeVar("Settings")
_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def setting(
    default: Any, help: str, *, choices: tuple[str, ...] = (), low: float | None = None, high: float | None = None, section: str = ""
) -> Any:
    """A dataclass field with its one-line meaning and its allowed values; with a `section` it is the first of that section."""
    rules = {"help": help, "choices": choices, "low": low, "high": high, "section": section}
    return dataclasses.field(default=default, metadata=rules)


def sections(cls: type) -> dict[str, list[dataclasses.Field[Any]]]:
    """The fields of a class of settings by section, in their order."""
    found: dict[str, list[dataclasses.Field[Any]]] = {}
    title = ""
    for field in dataclasses.fields(cls):
        title = field.metadata["section"] or title
        found.setdefault(title, []).append(field)
    return found


def spelled(name: str) -> str:
    """The name of a setting outside of Python: `from_`, because `from` is a keyword, is `from`."""
    return name.removesuffix("_")


def from_dict(cls: type[Settings], values: Mapping[str, Any], base: Settings | None = None) -> Settings:
    """Settings of class `cls`: `base` (or the defaults) updated with `values`; raises UsageError for a wrong name or value."""
    hints = get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    names = {spelled(name): name for name in fields}
    checked = {}
    for given, value in values.items():
        name = names.get(given, given)
        if name not in fields:
            raise unknown("setting", given, names)
        checked[name] = _check(spelled(name), value, hints[name], fields[name].metadata)
    return dataclasses.replace(base, **checked) if base is not None else cls(**checked)  # type: ignore[type-var]


def _check(name: str, value: Any, kind: type, rules: Mapping[str, Any]) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            value = float(value)
        except OverflowError:
            raise wrong(name, "a number below 1e308", math.inf) from None  # its digits could fill the screen
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        named = "; a function is named, as @mymodule:name" if kind is str and callable(value) else ""
        raise wrong(name, _KINDS[kind] + named, value)
    if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):  # a path that is not UTF-8
        raise wrong(name, "text that UTF-8 can write", value)
    if rules["choices"] and value not in rules["choices"]:
        for choice in rules["choices"]:
            if isinstance(value, str) and value.casefold() == choice.casefold():
                return choice
        raise unknown(f"value of {name}", value, rules["choices"])
    if kind is float and value != value:
        raise wrong(name, "a number", value)
    if rules["low"] is not None and value < rules["low"]:
        raise wrong(name, f"at least {rules['low']:g}", value)
    if rules["high"] is not None and value > rules["high"]:
        raise wrong(name, f"at most {rules['high']:g}", value)
    return value


def read_toml(path: str | Path) -> dict[str, Any]:
    """The flat table in a TOML file; raises ClearsightError if it cannot be read, UsageError if it does not parse."""
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ClearsightError(f"cannot read {path}: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:  # bad syntax, bad UTF-8, a number of 5,000 digits, deep nesting
        raise UsageError(f"{path} is not valid TOML: {error}.") from error


def to_toml(settings: Any, title: str = "") -> str:
    """The settings as TOML, each line with its meaning; the inverse is `from_dict(tomllib.loads(...))`."""
    lines = ["".join(c if c.isprintable() else " " for c in f"# {line}") for line in title.splitlines()]
    for field in dataclasses.fields(settings):
        value = _toml_value(getattr(settings, field.name))
        lines.append(f"{spelled(field.name)} = {value}".ljust(34) + f"  # {field.metadata['help']}")
    return "\n".join(lines) + "\n"


def _toml_value(value: bool | int | float | str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # TOML has the escapes of JSON, except for one control character that JSON does not escape
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
