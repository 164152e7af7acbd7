"""The notebooks run, their cells of code as one script, and store no outputs but small pictures."""

import json
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "examples").glob("*.ipynb"))
MOST_BYTES = 100_000  # of a file: every clone has them


def _cells(notebook: Path, kind: str) -> list[dict]:
    return [cell for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(notebook, tmp_path, forked):
    code = "\n\n".join("".join(cell["source"]) for cell in _cells(notebook, "code"))
    assert "import clearsight as cs" in code and "from clearsight" not in code  # the front door is enough
    script = tmp_path / "notebook.py"
    script.write_text(code, encoding="utf-8")
    done = forked(script, tmp_path)
    assert done.returncode == 0 and done.stdout.strip(), done.stderr


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_stored_outputs_are_small_pictures(notebook):
    outputs = [output for cell in _cells(notebook, "code") for output in cell["outputs"]]
    assert outputs and all(list(output["data"]) == ["image/png"] for output in outputs)
    assert notebook.stat().st_size < MOST_BYTES
    assert all(cell["execution_count"] is None for cell in _cells(notebook, "code"))  # or each run of a reader is a change
    assert "".join(_cells(notebook, "markdown")[0]["source"]).startswith("# ")


def test_there_are_three_and_pages_name_them():
    assert len(NOTEBOOKS) >= 3
    for page in ("README.md", "docs/index.md"):
        text = (NOTEBOOKS[0].parents[1] / page).read_text(encoding="utf-8")
        assert all(f"examples/{notebook.name}" in text for notebook in NOTEBOOKS)
