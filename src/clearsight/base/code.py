"""Code that is named in text as `@package.module:name`, and imported only when the user has allowed it: a file may come from anywhere."""

from collections.abc import Iterable
from functools import reduce
from importlib import import_module
from typing import Any

from .errors import UsageError, listed

FORM = "@package.module:name"
_ALLOWED: set[str] = set()
_EVERY = "@"  # stands for all code, after --allow-code


def is_code(word: str) -> bool:
    """Whether `word` names code."""
    return word.startswith("@")


def checked(word: str, kind: str) -> str:
    """`word`, if it has the form of a name of code; raises UsageError. Nothing is imported."""
    module, _, name = word[1:].partition(":")
    if not is_code(word) or not all(part.isidentifier() for text in (module, name) for part in text.split(".")):
        raise UsageError(f"{kind} of your own is written {FORM}. Got {word!r:.200}.")
    return word


def word_of(thing: Any, kind: str) -> str:
    """How a class or function is named in text: where it is imported from; raises UsageError for one that is inside a function."""
    name = f"@{getattr(thing, '__module__', '')}:{getattr(thing, '__qualname__', '')}"
    if "<" in name:
        raise UsageError(f"{kind} of your own must be a class or function at the top of a module, which can be imported again. Got {name}.")
    return checked(name, kind)


def allow(words: Iterable[str]) -> None:
    """Let this process import the code that `words` name: the user has named it, or has allowed the file that does."""
    _ALLOWED.update(words)


def allow_all() -> None:
    """Let this process import any code that a file names."""
    _ALLOWED.add(_EVERY)


def forbid_all() -> None:
    """Take `allow_all` back."""
    _ALLOWED.discard(_EVERY)


def require_allowed(words: Iterable[str], source: object, allow_code: bool = False) -> None:
    """Raise UsageError for code that the file `source` names and that the user has not allowed; with `allow_code` it is from now on."""
    refused = [word for word in words if word not in _ALLOWED and _EVERY not in _ALLOWED]
    if refused and not allow_code:
        raise UsageError(
            f"{source} names code to run: {listed(refused)}. Look at that code, and if you trust it, say --allow-code (allow_code=True in "
            "Python)."
        )
    allow(refused)


def imported(word: str, kind: str) -> Any:
    """What `word` names; raises UsageError where that is not allowed, cannot be imported or cannot be called."""
    require_allowed([checked(word, kind)], f"{kind} {word}")
    module, _, name = word[1:].partition(":")
    try:
        found = reduce(getattr, name.split("."), import_module(module))
    except Exception as error:  # the user's module may raise anything when it is imported
        raise UsageError(
            f"{kind} {word!r} cannot be imported ({type(error).__name__}: {error}). "
            f"It is written {FORM}; the folder of the module must be on PYTHONPATH."
        ) from error
    if not callable(found):
        raise UsageError(f"{kind} {word!r} must be something to call. It is of type {type(found).__name__}.")
    return found
