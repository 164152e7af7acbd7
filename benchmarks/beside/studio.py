"""The five tasks in the studio."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from common import CLEARSIGHT

from .given import RUNS, Given
from .steps import Done, Steps

NAME = "Clearsight studio"


def versions() -> str:
    return version("clearsight")


def why(page: Any, given: Given) -> Done:
    """A dropped picture, and the map of what made the answer."""
    steps = Steps(page)
    with _opened(steps, given, "runs/b"):
        steps.drop("input[type=file]", given.picture)
        page.locator(".said .label").first.wait_for()
        steps.click(page.get_by_role("button", name="grad-cam", exact=True), "grad-cam")
        page.locator(".heat canvas").wait_for()
        page.locator(".verdict", has_text="This map").wait_for()
        answer = page.locator(".said .label").first.inner_text()
        return steps.seen(f"{answer}; its map, and: {page.locator('.verdict').inner_text()}")


def labels(page: Any, given: Given) -> Done:
    """The first picture whose label is probably wrong; arrow keys go to the next ones until a planted one is seen."""
    steps = Steps(page)
    with _opened(steps, given, "planted", "package:efficientnet_lite0"):
        steps.click(page.get_by_role("link", name="Labels", exact=True), "Labels")
        subject = page.locator(".subject .hint")
        page.locator(".counts", has_text="about").wait_for()
        subject.wait_for()
        shown = [_name(subject)]
        while shown[-1] not in given.wrong:
            steps.key("ArrowRight")
            page.locator(".subject .hint", has_not_text=shown[-1]).wait_for()
            shown.append(_name(subject))
        done = steps.seen("")
        for _ in range(10 - len(shown)):
            page.keyboard.press("ArrowRight")
            page.locator(".subject .hint", has_not_text=shown[-1]).wait_for()
            shown.append(_name(subject))
        found = len(set(given.wrong) & set(shown[:10]))
        return Done(done.steps, done.seconds, f"a planted one; {found} of {len(given.wrong)} are among the first ten")


def train(page: Any, given: Given) -> Done:
    """From a folder to a trained network with its accuracy."""
    steps = Steps(page)
    with _opened(steps, given, "pictures"):
        steps.click(page.get_by_role("link", name="Train", exact=True), "Train, the screen")
        page.get_by_text("Time I have").wait_for()
        steps.click(page.get_by_role("button", name="Train", exact=True), "Train, the button")
        page.locator(".where", has_text="Finished").wait_for()
        done = steps.seen(page.locator(".where").inner_text())
    for run in (given.folder / "runs").iterdir():
        if run.name not in RUNS:  # the other tasks have two runs
            shutil.rmtree(run)
    return done


def runs(page: Any, given: Given) -> Done:
    """Which of two runs is better."""
    steps = Steps(page)
    with _opened(steps, given):
        steps.click(page.get_by_role("link", name="Compare", exact=True), "Compare: it begins with the two newest runs")
        page.locator(".compared .label").wait_for()
        return steps.seen(page.locator(".compared .label").inner_text())


def layer(page: Any, given: Given) -> Done:
    """What a layer does with a picture: its maps, and one number of them taken apart."""
    steps = Steps(page)
    with _opened(steps, given, "runs/b"):
        steps.drop("input[type=file]", given.picture)
        wall = page.locator(".wall canvas").first
        wall.wait_for()
        steps.click(wall, "a place of a map")
        page.locator(".scope .verdict").first.wait_for()
        return steps.seen(f"the maps of each stage; a number as a sum: {page.locator('.scope .verdict').first.inner_text()}")


@contextmanager
def _opened(steps: Steps, given: Given, *words: str) -> Iterator[None]:
    """The studio in a process of its own; it opens the browser itself, which is no step."""
    shown = " ".join(["clearsight studio", *words])
    with steps.command([*CLEARSIGHT, "studio", *words, "--no-browser"], given.folder, shown) as address:
        steps.page.goto(address)
        yield


def _name(subject: Any) -> str:
    return re.sub(r", \d+×\d+ pixels$", "", subject.inner_text())


TASKS: dict[str, Callable[[Any, Given], Done]] = {"why": why, "labels": labels, "train": train, "runs": runs, "layer": layer}
