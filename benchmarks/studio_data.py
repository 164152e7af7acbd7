"""The screen Data with 70,000 pictures (fashion-mnist): first screen, a jump to another place, a choice by class, memory; for studio.py."""

import os
from pathlib import Path
from typing import Any

from common import Row, alone

DATA = "fashion-mnist"
FIRST, JUMP, CHOICE = 1000, 300, 50  # ms on 2 idle cores
PLACES, MOST = 150, 300  # places that are scrolled to, each with pictures that the page has to fetch; MB of the page's process then
GRID = "() => { const grid = document.querySelector('.grid'); return grid && grid.dataset.missing === '0'; }"
# resolves with the milliseconds until every picture that is seen is drawn
DRAWN = """(start, act) => new Promise((done) => {
  const look = () => requestAnimationFrame(() => (GRID)() ? done(performance.now() - start) : look());
  act();
  requestAnimationFrame(look);
})""".replace("GRID", GRID)
OPEN = (
    f"() => ({DRAWN})(performance.now(), () => [...document.querySelectorAll('#rail a')].find((one) => one.textContent === 'Data').click())"
)
TO = "(grid) => (grid.scrollTop = to * grid.scrollHeight)"
SCROLL = f"(to) => ({DRAWN})(performance.now(), () => ({TO})(document.querySelector('.grid')))"
TICK = """() => new Promise((done) => {
  const [start, box] = [performance.now(), document.querySelectorAll('.value input')[3]];
  box.click();
  requestAnimationFrame(() => done(performance.now() - start));
})"""


def data_rows(window: Any, address: str, rounds: int) -> list[Row]:
    """Milliseconds in the page, and megabytes."""
    first, again, jumps, choices = [], [], [], []
    window.goto(address)
    window.get_by_text("Ready.").wait_for()
    first.append(window.evaluate(OPEN))
    window.locator(".mapped").wait_for()  # what is read ahead has been read
    for k in range(rounds):
        window.goto(f"{window.url.partition('#')[0]}#/")
        window.locator(".grid").wait_for(state="detached")
        again.append(window.evaluate(OPEN))
        window.locator(".mapped").wait_for()
        jumps.append(window.evaluate(SCROLL, (0.1 + 0.618 * k) % 1))
        choices += [window.evaluate(TICK), window.evaluate(TICK)]
    for k in range(PLACES):
        window.evaluate(SCROLL, (0.05 + 0.618 * k) % 1)
    heap = window.evaluate("() => performance.memory.usedJSHeapSize / 1e6")
    return [
        alone(f"{DATA}, 70,000 pictures: first screen, the data unopened (limit {FIRST} ms)", first, "ms"),
        alone(f"first screen again (limit {FIRST} ms)", again, "ms"),
        alone(f"a jump to another place (limit {JUMP} ms)", jumps, "ms"),
        alone(f"a choice by class (limit {CHOICE} ms)", choices, "ms"),
        alone(f"memory of the page's script after {PLACES} places", [heap], "MB"),
        alone(f"memory of the page's process then (limit {MOST} MB)", [of_page(window)], "MB"),
        alone("memory of the process that reads the data, at most", [largest("clearsight.studio.compute.reader")], "MB"),
    ]


def of_page(window: Any) -> float:
    """The memory (MB) of the process that has the page, shared parts in proportion; 0 where the system does not tell."""
    told = window.context.browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    found = [0.0]
    for one in told:
        file = Path(f"/proc/{one['id']}/smaps_rollup")
        if one["type"] == "renderer" and file.exists():
            found += [int(line.split()[1]) / 1000 for line in file.read_text().splitlines() if line.startswith("Pss:")]
    return max(found)


def largest(module: str) -> float:
    """The most memory (MB) that a running process of this module has had; 0 where the system does not tell."""
    found = [0.0]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words, status = (process / "cmdline").read_bytes(), (process / "status").read_text()
        except OSError:
            continue
        if module.encode() in words and int(process.name) != os.getpid():
            found += [int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmHWM")]
    return max(found)
