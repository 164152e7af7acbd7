"""What FiftyOne has of the five tasks."""

import os
import subprocess
from collections.abc import Callable
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
    steps.wrote(LINES / "fiftyone_labels.py")
    os.environ["FIFTYONE_DO_NOT_TRACK"] = "true"
    with steps.command([python(), str(LINES / "fiftyone_labels.py")], given.folder, "python labels.py", r"App launched.*") as _:
        page.goto("http://localhost:5151")
        page.locator("[data-cy=looker]").first.wait_for()
        done = steps.seen("samples by mistakenness, the worst first")
        words = [python(), "-c", FOUND, *given.wrong]
        found = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[-1]
    return Done(done.steps, done.seconds, f"{done.sees}; {found} of {len(given.wrong)} are among the first ten")


TASKS: dict[str, Callable[[Any, Given], Done]] = {"labels": labels}
