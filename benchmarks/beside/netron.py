"""What Netron has of the five tasks."""

from collections.abc import Callable
from typing import Any

from .environment import program, version_of
from .given import Given
from .steps import Done, Steps

NAME = "Netron"


def versions() -> str:
    return version_of("netron")


def layer(page: Any, given: Given) -> Done:
    """A layer of the file that `clearsight export` makes: its attributes, and its weights."""
    steps = Steps(page)
    with steps.command([program("netron"), "--port", "0", "b.onnx"], given.folder, "netron -b b.onnx") as address:
        page.goto(address)  # with -b it opens the browser itself, which is no step
        steps.click(page.get_by_role("button", name="Accept"), "Accept cookies (at the first start, in Europe or offline)")
        node = page.locator("g.node-item", has_text="Conv").first
        node.wait_for()
        steps.click(node, "a convolution")
        page.locator(".sidebar-item").first.wait_for()
        return steps.seen("the layers as a graph; a convolution's attributes, and its weights as a file of numbers")


TASKS: dict[str, Callable[[Any, Given], Done]] = {"layer": layer}
