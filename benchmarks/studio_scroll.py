"""Minutes of scrolling through the 70,000 pictures of the screen Data: what the page keeps of them; for studio.py.

Playwright lets the page's process record every answer of the network for as long as it is connected, a hundred megabytes and more. It
starts the scrolling, and comes back in the end; meanwhile the memory is read from the system.
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from common import Row, alone, say
from studio_data import DATA, MOST

STEP, PAUSE = 2400, 50  # px of a move, ms until the next one
EVERY = 30  # seconds between two readings of the memory
STARTING = 60  # seconds for the browser
GRID = ".grid[data-missing='0']"
SCROLL = f"""() => {{
  const grid = document.querySelector(".grid");
  window.turns = 0;
  let way = 1;
  setInterval(() => {{
    grid.scrollTop += way * {STEP};
    const past = way > 0 ? grid.scrollTop >= grid.scrollHeight - grid.clientHeight - 1 : grid.scrollTop <= 0;
    if (past) [way, window.turns] = [-way, window.turns + 1];
  }}, {PAUSE});
}}"""


def scroll_rows(playwright: Any, program: str, flags: tuple[str, ...], address: str, folder: Path, minutes: float) -> list[Row]:
    """The most that the page's process has had while the grid moved without a pause; its script and its nodes in the end."""
    profile = folder / "profile"
    with _browser(program, flags, profile) as port:
        with _connected(playwright, port) as window:
            window.goto(address)
            window.get_by_text("Ready.").wait_for()
            window.get_by_role("link", name="Data", exact=True).click()
            window.locator(GRID).wait_for()
            window.locator(".mapped").wait_for()  # what is read ahead has been read
            window.evaluate(SCROLL)
        found, end = [], time.monotonic() + 60 * minutes
        while time.monotonic() < end:
            time.sleep(min(EVERY, max(end - time.monotonic(), 0)))
            found.append(_of_page(profile))
            say(f"{max(end - time.monotonic(), 0):.0f} s left: {found[-1]:.0f} MB")
        with _connected(playwright, port) as window:
            protocol = window.context.new_cdp_session(window)
            protocol.send("Performance.enable")
            metrics = {one["name"]: one["value"] for one in protocol.send("Performance.getMetrics")["metrics"]}
            nodes, turns = protocol.send("Memory.getDOMCounters")["nodes"], window.evaluate("window.turns")
    return [
        alone(f"{DATA}: memory of the page's process in {minutes:g} minutes of scrolling, at most (limit {MOST} MB)", [max(found)], "MB"),
        alone("memory of the page's script in the end", [metrics["JSHeapUsedSize"] / 1e6], "MB"),
        alone("nodes of the page in the end", [nodes], ""),
        alone("times from one end of the grid to the other", [turns], ""),
    ]


@contextmanager
def _browser(program: str, flags: tuple[str, ...], profile: Path) -> Iterator[str]:
    """A browser that one can leave and come back to: its port."""
    words = [program, *flags, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}", "--window-size=1280,900"]
    process = subprocess.Popen([*words, "about:blank"], stderr=subprocess.DEVNULL)
    told = profile / "DevToolsActivePort"
    try:
        end = time.monotonic() + STARTING
        while not (told.exists() and told.read_text()) and time.monotonic() < end:
            time.sleep(0.1)
        yield told.read_text().split()[0]
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _connected(playwright: Any, port: str) -> Iterator[Any]:
    """The page of this browser, while it is driven."""
    browser = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
    window = browser.contexts[0].pages[0]
    window.set_default_timeout(300_000)
    yield window
    browser.close()  # the browser and the page stay


def _of_page(profile: Path) -> float:
    """The memory (MB) of the largest page of this browser, shared parts in proportion; 0 where the system does not tell."""
    found = [0.0]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
            if b"--type=renderer" in words and str(profile).encode() in words:
                lines = (process / "smaps_rollup").read_text().splitlines()
                found += [int(line.split()[1]) / 1000 for line in lines if line.startswith("Pss:")]
        except OSError:  # it has ended, or is another user's
            continue
    return max(found)
