"""What TensorBoard has of the five tasks."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .environment import program, python, version_of
from .given import Given
from .steps import Done, Steps

NAME = "TensorBoard"
LINES = Path(__file__).parent / "lines"


def versions() -> str:
    return version_of("tensorboard")


def runs(page: Any, given: Given) -> Done:
    """The curves of both runs over each other; a training of ours has written their events, as any PyTorch training can."""
    steps = Steps(page)
    with _opened(steps, given, "runs"):
        page.locator("card-view", has_text="accuracy").locator("line-chart").first.wait_for(state="attached")
        return steps.seen("curves of both runs over each other, by epoch")


def labels(page: Any, given: Given) -> Done:
    """Points with their pictures, coloured by label; a person has to find a point of another colour."""
    steps = Steps(page)
    steps.wrote(LINES / "tensorboard_projector.py")
    shutil.rmtree(given.folder / "projector", ignore_errors=True)
    steps.once([python(), str(LINES / "tensorboard_projector.py")], given.folder, "python projector.py")
    with _opened(steps, given, "projector"):
        page.get_by_text("No dashboards are active").or_(page.locator("iframe")).first.wait_for()
        if page.locator("iframe").count() == 0:  # it looks for points after it has answered
            steps.did("key", "F5")
            page.reload()
        cloud = page.frame_locator("iframe").frame_locator("iframe")
        cloud.locator(".numDataPoints", has_text="107").wait_for()
        steps.click(cloud.locator("#colorby"), "Color by")
        steps.click(cloud.locator("#colorby paper-item", has_text="label").first, "label")
        cloud.locator("canvas").first.wait_for()
        return steps.seen("107 points with their pictures, coloured by label, in three directions of PCA")


def layer(page: Any, given: Given) -> Done:
    """A layer of the graph, with its shape."""
    steps = Steps(page)
    steps.wrote(LINES / "tensorboard_graph.py")
    shutil.rmtree(given.folder / "graph", ignore_errors=True)
    steps.once([python(), str(LINES / "tensorboard_graph.py")], given.folder, "python graph.py")
    with _opened(steps, given, "graph"):
        page.locator("g.node").first.wait_for()
        steps.click(page.get_by_label("Search nodes (regex)").first, "Search nodes")
        steps.did("type", "Conv")
        page.keyboard.type("Conv")
        steps.click(page.locator("#search-match").first, "the first match")
        page.get_by_text("Attributes").first.wait_for()
        return steps.seen("the layers as a graph, with the shapes between them and a layer's attributes")


@contextmanager
def _opened(steps: Steps, given: Given, folder: str) -> Iterator[None]:
    """TensorBoard prints its address, which is to be clicked."""
    words = [program("tensorboard"), "--logdir", folder, "--port", "0"]
    with steps.command(words, given.folder, f"tensorboard --logdir {folder}") as address:
        steps.did("click", "the printed address")
        steps.page.goto(address)
        yield


TASKS: dict[str, Callable[[Any, Given], Done]] = {"labels": labels, "runs": runs, "layer": layer}
