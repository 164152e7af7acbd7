"""JSON that was stored and is taken back: what has another shape, by whatever hand, is one clear line that names the file."""

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from .errors import CorruptFile
from .files import read_json

Kind = TypeVar("Kind")
# what Python raises when a value is not of the kind, or not in the place, that was taken for granted
_MISSHAPEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


@contextmanager
def taken_from(path: Path, what: str) -> Iterator[None]:
    """While values of the file `path` are used, a wrong kind or a missing one raises CorruptFile: it is not `what`."""
    try:
        yield
    except _MISSHAPEN as error:
        raise CorruptFile(f"{path} is not {what} ({_reason(error)}). Take it away, and make it again.") from error


def read_table(path: Path, what: str, kinds: Mapping[str, Any] | None = None, *, also: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The JSON object in `path`, with values of the `kinds` by name and, where it has them, of those in `also`; raises CorruptFile."""
    found = read_json(path)
    if not isinstance(found, dict):
        raise CorruptFile(f"{path} is not {what} (it holds no JSON object). Take it away, and make it again.")
    for name, kind in {**(kinds or {}), **{name: kind for name, kind in (also or {}).items() if name in found}}.items():
        if not _is(found.get(name), kind):
            raise CorruptFile(f"{path} is not {what} (its {name!r} is missing or of the wrong kind). Take it away, and make it again.")
    return found


def fitting(cls: type[Kind], row: Any) -> Kind:
    """The dataclass `cls` of a JSON object's values; raises TypeError for another name, or a value of another kind."""
    made = cls(**row)
    hints = get_type_hints(cls)
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        if not _is(getattr(made, field.name), hints[field.name]):
            raise TypeError(f"{field.name!r} is of the wrong kind")
    return made


def _is(value: Any, kind: Any) -> bool:
    """Whether a JSON value is of a kind such as `float`, `list[str]` or `dict | None`; true and false are no numbers.

    Of lists the elements are looked at where they are text; what else a list or a table holds is for its user to meet.
    """
    if isinstance(kind, UnionType):
        return any(_is(value, one) for one in get_args(kind))
    if kind == list[str]:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    kind = get_origin(kind) or kind
    return isinstance(value, (int, float) if kind is float else kind) and (kind is bool or not isinstance(value, bool))


def _reason(error: Exception) -> str:
    said = " ".join(str(error).split())[:200]
    return f"it lacks {said}" if isinstance(error, KeyError) else said or type(error).__name__
