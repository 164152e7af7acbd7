"""Untrusted text in Markdown: one line in which nothing is markup."""

import re

from ..errors import plain

# words and numbers that are plain text for every Markdown parser
_HARMLESS = re.compile(r"[^\W_]+(?:(?:_+|[ ,./:+=%×-]+)[^\W_]+)*%?")


def inline(text: object) -> str:
    """`text` on one line of Markdown: unchanged if it is harmless, or else as code, without markup, HTML or links."""
    line = plain(text)
    if _HARMLESS.fullmatch(line) and "://" not in line and "www." not in line.lower():
        return line
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    edge = " " if not line.strip() or line[0] in "` " or line[-1] in "` " else ""
    return f"{fence}{edge}{line}{edge}{fence}"
