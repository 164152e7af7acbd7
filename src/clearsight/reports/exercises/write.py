"""A sheet as a file, by its suffix."""

from ...base.errors import wrong
from ...exercises.sheet import Sheet

SUFFIXES = (".html", ".pdf", ".md", ".xml")


def rendered(sheet: Sheet, suffix: str, key: bool = False) -> bytes:
    """The bytes of a page; Moodle's XML always has the key. Raises UsageError for another suffix."""
    suffix = suffix.lower()
    if suffix == ".pdf":
        from .pdf import pdf

        return pdf(sheet, key)
    if suffix == ".html":
        from .html import html

        return html(sheet, key).encode()
    if suffix == ".md":
        from .markdown import markdown

        return markdown(sheet, key).encode()
    if suffix == ".xml":
        from .moodle import moodle

        return moodle(sheet).encode()
    raise wrong("--out", f"a name that ends in {', '.join(SUFFIXES)}", suffix or "no suffix")
