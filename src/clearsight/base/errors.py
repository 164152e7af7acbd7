"""Errors a person can act on: what is wrong, what is allowed, what came, what to do."""

from collections.abc import Iterable
from difflib import get_close_matches


class ClearsightError(Exception):
    """Something failed for a reason that can be said in one clear line (exit code 1); a `table` below the line has lines of its own."""

    exit_code = 1
    table = False


class UsageError(ClearsightError):
    """What was asked for cannot be meant: a wrong name, value or combination (exit code 2)."""

    exit_code = 2


class UnreadableImage(ClearsightError):
    """A picture that cannot be read whole; names the file and the reason."""

    def __init__(self, source: str, reason: str) -> None:
        self.source = source
        self.reason = reason
        super().__init__(f"cannot read {plain(source)}: {reason}")


class MissingExtra(ClearsightError):
    """A package that only some need is not installed; says how to install it."""


class CorruptFile(ClearsightError):
    """A file of ours whose content does not match its own digest, or does not parse."""


class InUse(ClearsightError):
    """Something else writes in the folder now; names it."""

    def __init__(self, folder: object, holder: str) -> None:
        self.folder, self.holder = folder, holder
        super().__init__(
            f"{folder} is in use: {holder} writes there. Nothing was changed. Wait until it has ended, or stop it, or name another folder."
        )


class LostProcess(ClearsightError):
    """Another process of the same training ended or does not answer; the group cannot be taken down in order any more."""


JOINERS = "\u200c\u200d"  # not printable by themselves, and part of the spelling of names


def plain(name: object) -> str:
    """A name on one line that any terminal can show: what is not printable is written as `\\n`, `\\x1b`, `\\udcff`."""
    return "".join(
        letter if letter.isprintable() or letter in JOINERS else letter.encode("unicode_escape").decode() for letter in str(name)
    )


def listed(names: Iterable[object], most: int = 12) -> str:
    """Names as prose, cut after `most`: `a, b, c … (40 in all)`."""
    every = [plain(name) for name in names]
    shown = ", ".join(every[:most])
    return shown if len(every) <= most else f"{shown} … ({len(every)} in all)"


def unknown(kind: str, name: object, allowed: Iterable[str]) -> UsageError:
    """The error for a name that is not in a table, with the near ones first."""
    names = list(allowed)
    near = get_close_matches(str(name), names, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There is: {listed(names)}."
    return UsageError(f"no {kind} is called {str(name)!r:.200}. {hint}")


def wrong(what: str, allowed: object, came: object) -> UsageError:
    """The error for a value outside its range: `epochs must be at least 1. Got 0.`"""
    return UsageError(f"{what} must be {allowed}. Got {came!r:.200}.")
