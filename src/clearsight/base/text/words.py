"""Settings written as words, each a name with numbers after colons: `flip crop:2`, `mixup:0.2 cutmix`, `fixmatch:0.95`."""

import math
from collections.abc import Collection, Iterable
from fractions import Fraction
from typing import NamedTuple

from ..errors import unknown, wrong

MOST_BANDS = 256  # of a picture


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


def fraction(text: str) -> float:
    """`0.03` or `8/255` as a number, infinite where it is too large; raises ValueError, ZeroDivisionError."""
    top, slash, bottom = text.partition("/")
    try:  # no Fraction of a decimal: that of 1e999999999 has as many digits
        return float(Fraction(int(top), int(bottom))) if slash else float(text)
    except OverflowError:
        return math.inf


def parse_epsilon(text: str | float) -> float:
    """ε in units of [0, 1] from `0.03`, `8/255` or a number; raises UsageError."""
    try:
        value = fraction(text.replace(" ", "")) if isinstance(text, str) else float(text)
    except (ValueError, ZeroDivisionError):
        raise wrong("epsilon", "a number such as 0.03, or a fraction such as 8/255", text) from None
    if not (math.isfinite(value) and value >= 0):
        raise wrong("epsilon", "at least 0, and finite", text)
    return value


def parse_range(words: str) -> tuple[float, ...]:
    """Black and white of `0:4095`, () of ''; raises UsageError."""
    if not words:
        return ()
    try:
        low, high = map(float, words.split(":"))
    except ValueError:
        low = high = 0.0
    if not -math.inf < low < high < math.inf:
        raise wrong("range", "black:white, two numbers that rise, as in 0:4095", words)
    return low, high


def parse_bands(words: str) -> tuple[int, ...]:
    """The bands of `4,3,2`, () of ''; raises UsageError."""
    found = words.replace(" ", "").split(",") if words.strip() else []
    if not all(band.isdecimal() and 1 <= int(band) <= MOST_BANDS for band in found):
        raise wrong("bands", f"whole numbers from 1 to {MOST_BANDS} with commas, as in 4,3,2", words)
    return tuple(map(int, found))


def range_words(levels: Iterable[float]) -> str:
    """The inverse of `parse_range`."""
    return ":".join(f"{level:.9g}" for level in levels)
