"""The examples run as they are, each in a process and folder of its own, and fit on a screen."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(example, tmp_path, forked):
    text = example.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60 and "import clearsight as cs" in text
    assert "from clearsight" not in text  # the front door is enough
    if example == EXAMPLES[0]:  # imports what it needs itself
        done = subprocess.run([sys.executable, str(example)], cwd=tmp_path, capture_output=True, text=True, check=False)
    else:
        done = forked(example, tmp_path)
    assert done.returncode == 0 and done.stdout.strip(), done.stderr


def test_there_are_ten_and_more():
    assert len(EXAMPLES) >= 10
