"""What FiftyOne has of the five tasks."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .environment import python, version_of
from .given import Given
from .steps import Done, Steps

NAME = "FiftyOne"
LINES = Path(__file__).parent / "lines"
# the wrong ones among the first ten of the data set that the page shows
FOUND = """
import sys
import fiftyone as fo
shown = fo.load_dataset(fo.list_datasets()[-1]).sort_by("mistakenness", reverse=True).limit(10).values("filepath")
print(sum(path.endswith(tuple(sys.argv[1:])) for path in shown))
"""


def versions() -> str:
    return version_of("fiftyone")


def labels(page: Any, given: Given) -> Done:
    """Samples by mistakenness, the worst first; the answers that it needs come from a run of ours."""
    steps = Steps(page)
    with _opened(steps, given, "labels"):
        done = steps.seen("samples by mistakenness, the worst first")
        words = [python(), "-c", FOUND, *given.wrong]
        found = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[-1]
    return Done(done.steps, done.seconds, f"{done.sees}; {found} of {len(given.wrong)} are among the first ten")


def runs(page: Any, given: Given) -> Done:
    """Both runs evaluated on all pictures, side by side with the difference."""
    steps = Steps(page)
    with _opened(steps, given, "runs"):
        steps.click(page.get_by_role("button", name="Dismiss"), "Dismiss (an offer at the first start)")
        steps.click(page.get_by_role("button", name="New panel"), "plus: a new panel")
        steps.click(page.locator("[data-cy^=new-panel-option]", has_text="Model Evaluation"), "Model Evaluation")
        panel = page.locator("[data-cy^=panel-content]").last
        steps.click(panel.get_by_text("of_b", exact=True), "of_b")
        steps.click(panel.get_by_role("combobox").filter(has_text="Select a comparison"), "Select a comparison")
        steps.click(page.get_by_role("option", name="of_a"), "of_a")
        panel.get_by_role("columnheader", name="Difference").wait_for()
        b, a, difference = (panel.get_by_role("row", name="Accuracy").locator("td").nth(column).locator("p").first for column in (1, 2, 3))
        pictures = panel.get_by_role("row", name="Support").locator("td").nth(1)
        return steps.seen(
            f"accuracy {b.inner_text()} of B and {a.inner_text()} of A on {pictures.inner_text().strip()} pictures, "
            f"difference {difference.inner_text()}; also by class"
        )


@contextmanager
def _opened(steps: Steps, given: Given, task: str) -> Iterator[None]:
    """The script of a task is written and started; it opens the page with the pictures by itself."""
    script = LINES / f"fiftyone_{task}.py"
    steps.wrote(script)
    os.environ["FIFTYONE_DO_NOT_TRACK"] = "true"
    with steps.command([python(), str(script)], given.folder, f"python {task}.py", r"App launched.*"):
        steps.page.goto("http://localhost:5151")
        steps.page.locator("[data-cy=looker]").first.wait_for()
        yield


TASKS: dict[str, Callable[[Any, Given], Done]] = {"labels": labels, "runs": runs}
