"""How long the studio lets one wait, in a browser: command → address, dropped picture → answer and maps, click → a number taken apart;
the screen Data with 70,000 pictures: first screen, a jump to another place, a choice by class, memory, also after minutes of scrolling;
the slider of ε; and thirty windows at once.

    python benchmarks/studio.py [--rounds 20] [--network package:efficientnet_lite0] [--minutes 10]

Debian's Chromium, driven by Playwright. Times are taken in the page: a drop ends when the answer is drawn, maps when the first one is
drawn, a click when the number and its check are drawn. Every drop is another picture. The small network is swift at 28 px with
random weights. The wheel's growth is that of the studio's files, packed as a wheel packs them.
"""

import argparse
import io
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from common import CLEARSIGHT, ROOT, Row, alone, finish, load_check, parser, say
from studio_class import APPEARED, class_rows
from studio_data import DATA, data_rows
from studio_scroll import scroll_rows
from studio_slider import slider_rows

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
LIMITS = {"small": {"answer": 150, "maps": 300, "unit": 60}, "large": {"answer": 400, "maps": 300, "unit": 60}}  # ms on 2 idle cores
STARTED, GROWTH = 1.5, 1.5  # s, MB
REST = 2500  # ms, in which the studio has answered everything that a page asks by itself
# resolves with the milliseconds from an event until an element is drawn
SEEN = """([selector, event]) => new Promise((done) => {
  let start = performance.now();
  document.addEventListener(event, () => (start = performance.now()), { once: true, capture: true });
  (APPEARED)(selector).then(() => done(performance.now() - start));
})""".replace("APPEARED", APPEARED)
CLICK = """async ([k, y, x]) => {
  document.querySelector(".scope")?.remove();
  const canvas = document.querySelectorAll(".wall canvas")[k];
  const seat = canvas.getBoundingClientRect();
  const at = { clientX: seat.left + x * seat.width, clientY: seat.top + y * seat.height, bubbles: true };
  const start = performance.now();
  canvas.dispatchEvent(new PointerEvent("pointermove", at));
  canvas.dispatchEvent(new MouseEvent("click", at));
  await (APPEARED)(".scope .verdict");
  return performance.now() - start;
}""".replace("APPEARED", APPEARED)


@contextmanager
def studio(model: str, folder: Path, *data: str) -> Iterator[tuple[str, float]]:
    """A studio of a process of its own: its address, and the seconds until it was printed."""
    start = time.perf_counter()
    process = subprocess.Popen([*CLEARSIGHT, "studio", model, *data, "--no-browser"], stderr=subprocess.PIPE, text=True, cwd=folder)
    try:
        assert process.stderr
        line = process.stderr.readline()
        yield next(word for word in line.split() if word.startswith("http")), time.perf_counter() - start
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def swift(folder: Path) -> str:
    """A small network as an artefact."""
    from clearsight import models
    from clearsight.classifier import Classifier, save
    from clearsight.images.preprocess import Preprocessing

    network = models.build("swift", 10, channels=1, height=28, width=28, seed=0)
    save(Classifier(network, Preprocessing(1, 28, 28), tuple("0123456789"), architecture="swift"), folder / "swift")
    return str(folder / "swift")


def photograph(number: int, folder: Path) -> Path:
    """A JPEG of 500×375 px, each another one."""
    import numpy as np
    from PIL import Image

    file = folder / f"{number}.jpg"
    rough = np.random.default_rng(number).integers(0, 256, (15, 20, 3), dtype=np.uint8)
    Image.fromarray(rough).resize((500, 375), Image.Resampling.BICUBIC).save(file, quality=92)
    return file


def waits(window: Any, address: str, rounds: int, folder: Path, rest: bool) -> dict[str, list[float]]:
    """Milliseconds of each kind, in the page: after a `rest`, or while it still computes what was asked before."""
    found: dict[str, list[float]] = {"answer": [], "maps": [], "unit": []}
    window.goto(address)
    window.get_by_text("Ready.").wait_for()
    for k in range(rounds + 1):
        window.goto(f"{window.url.partition('#')[0]}#/")
        window.locator("input[type=file]").wait_for(state="attached")
        file, times = photograph(k, folder), {}
        window.wait_for_timeout(REST if rest else 0)
        answer = window.evaluate_handle(
            f"() => ({{ one: ({SEEN})(['.said .label', 'change']), two: ({SEEN})(['.wall canvas', 'change']) }})"
        )
        window.set_input_files("input[type=file]", file)
        times["answer"], times["maps"] = answer.evaluate("(one) => Promise.all([one.one, one.two])")
        window.wait_for_timeout(REST if rest else 0)
        times["unit"] = window.evaluate(CLICK, [k % 8, 0.1 + 0.8 * k / (rounds + 1), 0.5])
        window.locator(".said .label").wait_for()
        if k:  # the first one loads the network
            for name, value in times.items():
                found[name].append(value)
        say(f"{k}/{rounds}: " + ", ".join(f"{name} {value:.0f} ms" for name, value in times.items()))
    return found


def growth() -> float:
    """MB that the studio's files add to a wheel."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted((ROOT / "src/clearsight/studio").rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                archive.write(file)
    return len(stream.getvalue()) / 1e6


def measured(given: argparse.Namespace, folder: Path) -> list[Row]:
    """Every figure with its limit."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    rows, starts = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        small = swift(folder)
        for size, model in (("small", small), ("large", given.network)):
            with studio(model, folder) as (address, seconds):
                starts.append(seconds)
                context = browser.new_context(viewport={"width": 1280, "height": 900})
                context.set_default_timeout(300_000)
                found = {rest: waits(context.new_page(), address, given.rounds, folder, rest) for rest in (True, False)}
                slid = slider_rows(context.new_page(), address, photograph(0, folder), REST)
                context.close()
            name = "swift at 28 px" if size == "small" else given.network
            said = {"answer": "drop → answer", "maps": "drop → maps", "unit": "click → the number, taken apart"}
            rows += [alone(f"{name}: {said[kind]} (limit {LIMITS[size][kind]} ms)", found[True][kind], "ms") for kind in said]
            rows += [alone(f"{name}: {said[kind]}, while it computes for the last one", found[False][kind], "ms") for kind in said]
        rows += slid  # of the larger network
        with studio(DATA, folder) as (address, _):
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            context.set_default_timeout(300_000)
            rows += data_rows(context.new_page(), address, given.rounds)
            context.close()
            rows += scroll_rows(playwright, str(program), FLAGS, address, folder, given.minutes)
        with studio(small, folder, "digits") as (address, _):
            rows += class_rows(browser, address, photograph, folder, CLICK)
        browser.close()
    for _ in range(3):
        with studio("lenet5", folder) as (_, seconds):
            starts.append(seconds)
    return [
        alone(f"command → address (limit {STARTED} s)", starts, "s"),
        *rows,
        alone(f"wheel grows by (limit {GROWTH} MB)", [growth()], "MB"),
    ]


def main() -> None:
    made = parser(__doc__, rounds=20)
    made.add_argument("--network", default="package:efficientnet_lite0", help="the larger network (default: %(default)s)")
    made.add_argument("--minutes", type=float, default=10, help="of scrolling (default: %(default)s)")
    given = made.parse_args()
    notes = load_check()
    with tempfile.TemporaryDirectory() as folder:
        rows = measured(given, Path(folder))
    finish(given, "The studio: how long one waits", rows, notes, {})


if __name__ == "__main__":
    sys.exit(main())
