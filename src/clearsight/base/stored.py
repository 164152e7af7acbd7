"""Read stored JSON; a file of another shape is one clear error that names it."""

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints, is_typeddict

from .errors import CorruptFile
from .files import read_json

Kind = TypeVar("Kind")
# raised by Python for a value of an unexpected kind or place
_MISSHAPEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


@contextmanager
def taken_from(path: Path, what: str) -> Iterator[None]:
    """Inside, a value of a wrong kind, or a missing one, raises CorruptFile: `path` is not `what`."""
    try:
        yield
    except _MISSHAPEN as error:
        raise CorruptFile(f"{path} is not {what} ({_reason(error)}). Take it away, and make it again.") from error


def read_table(path: Path, what: str, kinds: Mapping[str, Any] | None = None, *, also: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The JSON object in `path`, with values of the `kinds` by name and optional ones of `also`; raises CorruptFile."""
    found = read_json(path)
    if not isinstance(found, dict):
        raise CorruptFile(f"{path} is not {what} (it holds no JSON object). Take it away, and make it again.")
    for name, kind in {**(kinds or {}), **{name: kind for name, kind in (also or {}).items() if name in found}}.items():
        if not _is(found.get(name), kind):
            raise CorruptFile(f"{path} is not {what} (its {name!r} is missing or of the wrong kind). Take it away, and make it again.")
    return found


def fitting(cls: type[Kind], row: Any) -> Kind:
    """The dataclass `cls` with the values of a JSON object; raises TypeError for an unknown name or a value of a wrong kind."""
    made = cls(**row)
    hints = get_type_hints(cls)
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        if not _is(getattr(made, field.name), hints[field.name]):
            raise TypeError(f"{field.name!r} is of the wrong kind")
    return made


def _is(value: Any, kind: Any) -> bool:
    """Whether a JSON value is of a kind such as `float`, `list[str]` or `dict | None`; booleans are not numbers.

    Elements of lists are only checked for `list[str]`, and values of a TypedDict not.
    """
    if isinstance(kind, UnionType):
        return any(_is(value, one) for one in get_args(kind))
    if kind == list[str]:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    kind = dict if is_typeddict(kind) else get_origin(kind) or kind
    return isinstance(value, (int, float) if kind is float else kind) and (kind is bool or not isinstance(value, bool))


def _reason(error: Exception) -> str:
    said = " ".join(str(error).split())[:200]
    return f"it lacks {said}" if isinstance(error, KeyError) else said or type(error).__name__
