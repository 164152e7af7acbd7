"""Output that does not fail: to a terminal without Unicode, and to one that is closed."""

import codecs
import os
import sys

SIMPLER = dict(zip("×…–—·ε≤≥±²√→‖“”‘’", "x.--.e<>+2v>|\"\"''", strict=True))  # letter by letter, so that columns stay aligned


def _simpler(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(SIMPLER.get(letter, "?") for letter in error.object[error.start : error.end]), error.end


def prepare() -> None:
    """Let stdout and stderr write a simpler letter for one that their encoding lacks, and nowhere where they are closed."""
    codecs.register_error("simpler", _simpler)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 — open as long as the process lives
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="simpler")
