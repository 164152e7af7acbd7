"""Pages in a real browser: Debian's Chromium, driven by Playwright; no request may leave a page."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# nothing of its own that would ask the network, and no graphics that a server lacks
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
)  # fmt: skip


@contextmanager
def launched() -> Iterator[Any]:
    """One browser; skips where Playwright or Chromium is not installed."""
    sync_api = pytest.importorskip("playwright.sync_api")
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("Chromium is not installed: no page is opened")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def flagged(browser: Any, *flags: str) -> Iterator[Any]:
    """Another browser with more flags, started by the same Playwright."""
    program = next(filter(None, map(shutil.which, PROGRAMS)))
    one = browser.browser_type.launch(executable_path=program, args=[*FLAGS, *flags])
    yield one
    one.close()


@contextmanager
def opened(window: Any, page: bytes, folder: Path, width: int = 1280, height: int = 900) -> Iterator[Any]:
    """The page in a window that other tests use too; an error in it, or a request that would leave the file, fails the test."""
    file = folder / "page.html"
    file.write_bytes(page)
    wrong: list[str] = []
    heard = {
        "request": lambda asked: wrong.append(asked.url) if not asked.url.startswith((file.as_uri(), "data:")) else None,
        "console": lambda said: wrong.append(said.text) if said.type == "error" else None,
        "pageerror": lambda error: wrong.append(str(error)),
    }
    for event, listener in heard.items():
        window.on(event, listener)
    window.set_viewport_size({"width": width, "height": height})
    window.emulate_media(media="screen", color_scheme="light", reduced_motion="reduce")
    window.mouse.move(0, 0)
    window.goto(file.as_uri())
    try:
        yield window
    finally:
        for event, listener in heard.items():
            window.remove_listener(event, listener)
    assert not wrong


def violations(window: Any, *rules: str) -> list[str]:
    """What axe finds by all rules, or by these: the rule, and the first element that breaks it."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    if window.evaluate("typeof axe === 'undefined'"):
        script = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
        window.evaluate(script)  # evaluated, and not added to the page: its policy allows one script
    # what passes is counted and not described, which takes a quarter of the time
    run = "asked => axe.run({ resultTypes: ['violations'], ...asked }).then(all => all.violations.map(one => [one.id, one.nodes[0].html]))"
    found = window.evaluate(run, {"runOnly": {"type": "rule", "values": rules}} if rules else {})
    return [f"{rule}: {element}" for rule, element in found]
