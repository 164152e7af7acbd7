"""Settings written as words, each a name with numbers after colons: `flip crop:2`, `mixup:0.2 cutmix`, `fixmatch:0.95`."""

import math
from collections.abc import Collection
from fractions import Fraction
from typing import NamedTuple

from ..errors import unknown, wrong


class Word(NamedTuple):
    """`name:number:number`; the numbers are still text, because each setting reads them in its own way."""

    text: str
    name: str
    numbers: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "Word":
        """The word split at its colons."""
        name, *numbers = text.split(":")
        return cls(text, name, tuple(numbers))

    @property
    def argument(self) -> str:
        """Everything after the first colon, or ''."""
        return ":".join(self.numbers)

    def number(self, default: float) -> float:
        """The only number, or `default` without one; NaN, which no range contains, if it cannot be read."""
        try:
            return float(self.argument) if self.argument else default
        except ValueError:
            return math.nan

    def values(self, kind: type[float] = float) -> tuple[float, ...]:
        """All numbers, as `kind`; a single NaN if one of them cannot be read."""
        try:
            return tuple(kind(number) for number in self.numbers)
        except ValueError:
            return (math.nan,)


def parse(text: str, what: str, known: Collection[str]) -> list[Word]:
    """The words of `text`, between spaces; raises UsageError for a name that is not `known`: no `what` is called that."""
    words = [Word.of(part) for part in text.split()]
    for word in words:
        if word.name not in known:
            raise unknown(what, word.name, known)
    return words


def parse_epsilon(text: str | float) -> float:
    """ε in units of [0, 1] from `0.03`, `8/255` or a number; raises UsageError."""
    try:
        value = float(Fraction(text.replace(" ", ""))) if isinstance(text, str) else float(text)
    except (ValueError, ZeroDivisionError, OverflowError):
        raise wrong("epsilon", "a number such as 0.03, or a fraction such as 8/255", text) from None
    if not (math.isfinite(value) and value >= 0):
        raise wrong("epsilon", "at least 0", text)
    return value
