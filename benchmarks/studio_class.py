"""A class at one studio: thirty windows that open the same screens, all at once; for studio.py."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import Row, alone

PAGES = 30
OPENED, ANSWERED, DATA_SHOWN, TAKEN_APART = 1.5, 3000, 3000, 1500  # s, ms: of the slowest tenth, on 2 idle cores
GRID = ".grid[data-missing='0']"
# resolves when a new element is drawn; without a timer, of which thirty would be a load
APPEARED = """(selector) => new Promise((done) => {
  const watch = new MutationObserver(() => document.querySelector(selector) && (watch.disconnect(), requestAnimationFrame(done)));
  watch.observe(document, { attributes: true, childList: true, subtree: true });
})"""
# starts a clock, and keeps the milliseconds until an element is drawn in window.waited
WATCH = """([selector, name]) => {
  const start = performance.now();
  window.waited = (APPEARED)(selector).then(() => performance.now() - start);
  if (name) [...document.querySelectorAll("#rail a")].find((one) => one.textContent === name).click();
}""".replace("APPEARED", APPEARED)


def class_rows(browser: Any, address: str, photograph: Callable[[int, Path], Path], folder: Path, click: str) -> list[Row]:
    """How long each of thirty windows waits, where all do the same at the same moment."""
    contexts = [browser.new_context(viewport={"width": 1280, "height": 900}) for _ in range(PAGES)]
    pages = [context.new_page() for context in contexts]
    opened = [_opened(page, address) for page in pages]
    for k, page in enumerate(pages):
        page.evaluate(WATCH, [".said .label", ""])
        page.set_input_files("input[type=file]", photograph(100 + k, folder))
    answered = [page.evaluate("window.waited") for page in pages]
    for page in pages:
        page.locator(".wall canvas").first.wait_for()
    handles = [page.evaluate_handle(f"() => ({{ one: ({click})([0, 0.5, 0.5]) }})") for page in pages]
    apart = [handle.evaluate("(handle) => handle.one") for handle in handles]
    first = contexts[0].new_page()  # the data are opened once
    _opened(first, address)
    first.evaluate(WATCH, [GRID, "Data"])
    first.evaluate("window.waited")
    for page in pages:
        page.evaluate(WATCH, [GRID, "Data"])
    shown = [page.evaluate("window.waited") for page in pages]
    for context in contexts:
        context.close()
    return [
        alone(f"{PAGES} windows, one after the other: opened (limit {OPENED} s)", opened, "s"),
        alone(f"{PAGES} windows drop a picture each: answer (limit {ANSWERED} ms)", answered, "ms"),
        alone(f"{PAGES} windows click a place each: the number, taken apart (limit {TAKEN_APART} ms)", apart, "ms"),
        alone(f"{PAGES} windows go to the screen Data: first pictures (limit {DATA_SHOWN} ms)", shown, "ms"),
    ]


def _opened(page: Any, address: str) -> float:
    page.set_default_timeout(300_000)
    start = time.perf_counter()
    page.goto(address)
    page.get_by_text("Ready.").wait_for()
    return time.perf_counter() - start
