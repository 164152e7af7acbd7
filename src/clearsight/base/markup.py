"""Text that others wrote, for Markdown: one line of letters, whatever it holds."""

import re

from .errors import plain

# words and numbers that no reader of Markdown takes for anything else
_HARMLESS = re.compile(r"[^\W_]+(?:(?:_+|[ ,./:+=%×-]+)[^\W_]+)*%?")


def inline(text: object) -> str:
    """`text` on one line of Markdown: as it is where it is harmless, else as code, in which nothing is markup, HTML or a link."""
    line = plain(text)
    if _HARMLESS.fullmatch(line) and "://" not in line and "www." not in line.lower():
        return line
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    edge = " " if not line.strip() or line[0] in "` " or line[-1] in "` " else ""
    return f"{fence}{edge}{line}{edge}{fence}"
