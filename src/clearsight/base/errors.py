"""Errors that a user can act on: what is wrong, what is allowed, what came, what to do."""

from collections.abc import Iterable
from difflib import get_close_matches


class ClearsightError(Exception):
    """A failure with a reason in one line (exit code 1); `table` says whether further lines follow below it."""

    exit_code = 1
    table = False


class UsageError(ClearsightError):
    """A wrong name, value or combination of options (exit code 2)."""

    exit_code = 2


class LayoutError(UsageError):
    """No picture where one is looked for: the lines below show the layouts that are read, and what was left out."""

    table = True


class Stopped(ClearsightError):
    """A computation was asked to end and has saved what it did, so that it can be continued."""


class UnreadableImage(ClearsightError):
    """A picture that cannot be decoded completely; names the file and the reason."""

    def __init__(self, source: str, reason: str) -> None:
        self.source = source
        self.reason = reason
        super().__init__(f"cannot read {plain(source)}: {reason}")


class MissingExtra(ClearsightError):
    """An optional package is not installed; names the command that installs it."""


class CorruptFile(ClearsightError):
    """A file written by Clearsight whose content does not match its digest, or does not parse."""


class InUse(ClearsightError):
    """Another process is writing in the folder; names it."""

    def __init__(self, folder: object, holder: str) -> None:
        self.folder, self.holder = folder, holder
        super().__init__(
            f"{folder} is in use: {holder} writes there. Nothing was changed. Wait until it has ended, or stop it, or name another folder."
        )


class LostProcess(ClearsightError):
    """Another process of the same training ended or does not respond; the process group cannot be shut down in order."""


JOINERS = "\u200c\u200d"  # not printable alone, but part of the spelling of names


def plain(name: object) -> str:
    """A name on one line that any terminal can show; unprintable characters are escaped: `\\n`, `\\x1b`, `\\udcff`."""
    return "".join(
        letter if letter.isprintable() or letter in JOINERS else letter.encode("unicode_escape").decode() for letter in str(name)
    )


def worded(error: BaseException) -> str:
    """An error in one line, as the command line prints it."""
    if isinstance(error, ClearsightError):
        return plain(str(error).partition("\n")[0])
    return plain(f"unexpected {type(error).__name__}: {' '.join(str(error).split())[:300]}")


def listed(names: Iterable[object], most: int = 12) -> str:
    """Names in a sentence, truncated after `most`: `a, b, c … (40 in all)`."""
    every = [plain(name) for name in names]
    shown = ", ".join(every[:most])
    return shown if len(every) <= most else f"{shown} … ({len(every)} in all)"


def unknown(kind: str, name: object, allowed: Iterable[str]) -> UsageError:
    """The error for an unknown name, with similar names first."""
    names = list(dict.fromkeys(allowed))
    near = get_close_matches(str(name), names, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There is: {listed(names)}."
    return UsageError(f"no {kind} is called {str(name)!r:.200}. {hint}")


def wrong(what: str, allowed: object, came: object) -> UsageError:
    """The error for a value outside its range: `epochs must be at least 1. Got 0.`"""
    return UsageError(f"{what} must be {allowed}. Got {came!r:.200}.")
