"""What Gradio has of the five tasks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .environment import python, version_of
from .given import Given
from .steps import Done, Steps

NAME = "Gradio"
DEMO = Path(__file__).parent / "lines" / "gradio_demo.py"


def versions() -> str:
    return version_of("gradio")


def why(page: Any, given: Given) -> Done:
    """The answer with its confidences, by a page of four lines."""
    steps = Steps(page)
    steps.wrote(DEMO)
    with steps.command([python(), str(DEMO)], given.folder, "python demo.py") as address:
        steps.did("click", "the printed address")
        page.goto(address)
        page.locator("input[type=file]").first.wait_for(state="attached")
        steps.drop("input[type=file]", given.picture)
        page.locator(".image-frame img").first.wait_for()
        steps.click(page.get_by_role("button", name="Submit"), "Submit")
        page.get_by_test_id("label-output-value").wait_for()
        return steps.seen("the answer, with the confidence of each class as a bar")


TASKS: dict[str, Callable[[Any, Given], Done]] = {"why": why}
