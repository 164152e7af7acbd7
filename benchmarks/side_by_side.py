"""Five tasks in the studio and in six other programs: steps, seconds, and what cannot be done at all; into docs/how-to/next-to.md.

    python benchmarks/side_by_side.py [--rounds 1]              # all, in Debian's Chromium, driven by Playwright
    python benchmarks/side_by_side.py --only studio:why netron  # these again; the others keep their results
    python benchmarks/side_by_side.py --page                    # only write the page from benchmarks/results/side-by-side.json

One click, one key, one dropped file, one typed command and one line of a script that has to be written are one step each.
Opening the browser does not count where the program does it by itself. Seconds go from the first command to the answer in the page: the
machine's time, as if a person needed none. Everybody gets the same: the 107 photographs of `clearsight check photos` in class
folders, four of them in the wrong folder for the labels, two runs of `clearsight train`, and the file that `clearsight export` makes.
The other programs are in an environment of their own (benchmarks/beside/environment.py); a missing one is named, and the rest goes on.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable
from typing import Any

from beside import cnn_explainer, fiftyone, gradio, netron, studio, tensorboard
from beside.given import Given, prepared
from beside.page import TASKS, page
from beside.steps import Done
from common import ROOT, load_check, say

RESULT, PAGE = ROOT / "benchmarks" / "results" / "side-by-side.json", ROOT / "docs" / "how-to" / "next-to.md"
FOLDER = ROOT / "build" / "side-by-side"
PROGRAMS: dict[str, Any] = {
    "studio": studio, "cnn-explainer": cnn_explainer, "fiftyone": fiftyone, "tensorboard": tensorboard, "netron": netron,
    "gradio": gradio,
}  # fmt: skip
ABLE = {program.NAME: set(program.TASKS) for program in PROGRAMS.values()}
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
PATIENCE = 300_000  # ms


def measure(wanted: dict[str, list[str]], rounds: int) -> None:
    """Each task of each program, kept as it ends; what fails is named, and the rest goes on."""
    from playwright.sync_api import sync_playwright

    given = prepared(FOLDER)
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for name, task in ((name, task) for name, tasks in wanted.items() for task in tasks):
            program = PROGRAMS[name]
            try:
                found = [once(browser, program.TASKS[task], given).to_json() for _ in range(rounds)]
            except Exception as error:  # of a program of others
                say(f"{program.NAME}, {TASKS[task]} failed: {type(error).__name__}: {error}")
                continue
            cell = {"steps": found[-1]["steps"], "seconds": [one["seconds"] for one in found], "sees": found[-1]["sees"]}
            say(f"{program.NAME}, {TASKS[task]} {len(cell['steps'])} steps, {cell['seconds']} s: {cell['sees']}")
            kept = results()
            kept["cells"].setdefault(program.NAME, {})[task] = {**cell, "load": round(os.getloadavg()[0], 1)}
            kept["versions"][program.NAME] = program.versions()
            stored(kept)
        browser.close()


def once(browser: Any, task: Callable[[Any, Given], Done], given: Given) -> Done:
    """A task in a window of its own; where it fails, its page is kept as failed.png."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    try:
        return task(page, given)
    except Exception:
        page.screenshot(path=FOLDER / "failed.png")
        raise
    finally:
        context.close()


def results() -> dict[str, Any]:
    """What is kept so far."""
    return json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.is_file() else {"cells": {}, "versions": {}, "hardware": {}}


def stored(kept: dict[str, Any]) -> None:
    """Keep the results."""
    RESULT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def asked(words: list[str]) -> dict[str, list[str]]:
    """Programs and their tasks: `netron` has all of its, `studio:why` one."""
    found: dict[str, list[str]] = {}
    for word in words or PROGRAMS:
        name, _, task = word.partition(":")
        found.setdefault(name, []).extend([task] if task else list(PROGRAMS[name].TASKS))
    return found


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--rounds", type=int, default=1, help="how often everybody does it (default 1)")
    made.add_argument("--only", nargs="+", default=[], metavar="PROGRAM[:TASK]", help=f"of {', '.join(PROGRAMS)}; {', '.join(TASKS)}")
    made.add_argument("--page", action="store_true", help="measure nothing")
    given = made.parse_args()
    if not given.page:
        load_check()
        measure(asked(given.only), given.rounds)
        from clearsight.base.compute.device import hardware

        stored({**results(), "hardware": {"processor": hardware()["processor"], "cores": os.cpu_count()}})
    PAGE.write_text(page(results(), ABLE), encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    sys.exit(main())
