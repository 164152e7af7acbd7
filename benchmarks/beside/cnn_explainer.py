"""What CNN Explainer has of the five tasks; its built pages, and its libraries from npm in place of those from the web."""

import re
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .environment import place
from .given import Given
from .steps import Done, Steps

NAME = "CNN Explainer"
ORIGIN = "http://127.0.0.1:9/cnn-explainer/"  # nothing listens there: each file is handed to the browser
LIBRARIES = {
    r"d3js\.org": ("d3-5.16.0.tgz", "package/dist/d3.min.js"),
    r"tfjs": ("tensorflow-tfjs-1.0.0.tgz", "package/dist/tf.min.js"),
    r"bulma": ("bulma-0.8.0.tgz", "package/css/bulma.min.css"),
    r"smooth-scroll": ("smooth-scroll-15.0.0.tgz", "package/dist/smooth-scroll.polyfills.min.js"),
}


def versions() -> str:
    return "the pages of 6 October 2023 (76879ce)"


def why(page: Any, given: Given) -> Done:
    """One's own picture in its network, down to the softmax."""
    steps = Steps(page)
    _opened(steps)
    steps.click(page.locator("[data-imagename=custom]").first, "plus: a picture of one's own")
    steps.drop("input.file-input", given.picture)
    page.locator("#input-modal.is-active").wait_for(state="detached")
    steps.click(page.locator("#layer-11-node-0 text").first, "a class")
    steps.click(page.locator(".softmax-symbol"), "the softmax")
    page.locator(".logit-circle").nth(9).wait_for()
    return steps.seen("how the numbers before the softmax become the probability of a class")


def layer(page: Any, given: Given) -> Done:
    """A convolution of its network, place by place."""
    steps = Steps(page)
    _opened(steps)
    steps.click(page.locator("#layer-1-node-0"), "a map of a convolution")
    page.locator(".intermediate-node").first.wait_for()
    steps.click(page.locator(".intermediate-node").first, "the map of one input channel")
    page.locator("#detailview #detailview-container").wait_for()
    return steps.seen("the map, its inputs, and the kernel moving over them, with each product")


def _opened(steps: Steps) -> None:
    def answer(route: Any) -> None:
        address = route.request.url
        name = "" if not address.startswith(ORIGIN) else address[len(ORIGIN) :].partition("?")[0] or "index.html"
        if name and (file := place() / "cnn-explainer" / name).is_file():
            return route.fulfill(path=file)
        for words, (archive, inside) in LIBRARIES.items():
            if not name and re.search(words, address):
                kind = "text/css" if inside.endswith("css") else "text/javascript"
                return route.fulfill(body=_from(place() / archive, inside), content_type=kind)
        return route.abort() if not address.startswith(("data:", "blob:")) else route.continue_()

    steps.did("open", "its address")
    steps.page.route("**/*", answer)
    steps.page.goto(ORIGIN, wait_until="domcontentloaded")
    steps.page.locator("#layer-11-node-0").wait_for()


def _from(archive: Path, name: str) -> bytes:
    with tarfile.open(archive) as file:
        found = file.extractfile(name)
        assert found
        return found.read()


TASKS: dict[str, Callable[[Any, Given], Done]] = {"why": why, "layer": layer}
