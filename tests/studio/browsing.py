"""A studio in a process of its own, and pages of it in which nothing may go wrong."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.browser import violations

COLOURS = ("color-contrast", "link-in-text-block")


@contextmanager
def running(folder: Path, *words: str) -> Iterator[SimpleNamespace]:
    """`clearsight studio WORDS` in a folder: its address, its origin, its process; it ends in order, unless the test kills it."""
    command = [sys.executable, "-m", "clearsight", "studio", *words, "--no-browser"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=folder)
    address = re.search(r"http://\S+", process.stderr.readline()).group()
    try:
        yield SimpleNamespace(address=address, origin=address.partition("/?")[0], process=process)
    finally:
        process.send_signal(2)
        code, said = process.wait(60), process.stderr.read()
        process.stderr.close()
    assert code == -9 or (code == 0 and said.endswith("clearsight: the studio has ended.\n"))


@contextmanager
def window(chromium: Any, studio: SimpleNamespace, *statuses: int | str) -> Iterator[Any]:
    """A context of its own with a page; an error in one, or a request to anything but the studio, fails the test.

    The browser itself reports answers of an error's status; those of `statuses` are wanted, and shown as a line;
    `net::ERR_` (refused, reset, empty, cut off) where the test kills the studio.
    """
    context, wrong = chromium.new_context(reduced_motion="reduce", viewport={"width": 1280, "height": 900}), []
    context.set_default_timeout(120_000)  # a starved machine
    wanted = tuple(f"status of {status}" if isinstance(status, int) else status for status in statuses)

    def watched(page: Any) -> None:
        page.on("request", lambda asked: wrong.append(asked.url) if not asked.url.startswith((studio.origin, "blob:")) else None)
        page.on(
            "console",
            lambda said: wrong.append(said.text) if said.type == "error" and not any(one in said.text for one in wanted) else None,
        )
        page.on("pageerror", lambda error: wrong.append(str(error.stack)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))

    context.on("page", watched)
    page = context.new_page()
    page.goto(studio.address)
    page.get_by_text("Ready.").wait_for()
    yield page
    context.close()
    assert wrong == [], wrong


def until(page: Any, check: Callable[[], bool], seconds: float = 120) -> None:
    """Wait until a check is true; Playwright's own waiting for a function evaluates text, which the page's policy forbids."""
    for _ in range(int(seconds * 20)):
        if check():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it never comes true")


def accessible(page: Any) -> list[str]:
    """What axe finds, wide and dark, narrow and light; the page's policy forbids to evaluate, so axe is run through the debugger.

    Wide and light, only the rules on colours are asked: the elements and their names are those of the wide and dark page.
    """
    found = []
    for theme, width, rules in (("light", 390, ()), ("dark", 1280, ()), ("light", 1280, COLOURS)):
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 900})
        found += violations(page, *rules)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        found += [f"{wide} px wider than the window of {width}"] if wide > 0 else []
    return found
