"""Every slide of the lecture: its commands run, its figures are made, its numbers are what they should be."""

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from skimage import data

import clearsight
from clearsight.cli import main
from clearsight.studio.lecture.slides import Run, slides
from clearsight.training.api import train

RUNS = [pytest.param(run, id=f"{one.title[:40]} {at}") for one in slides() for at, run in enumerate(one.runs)]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the commands are typed: two small runs, a digit and a photograph."""
    folder = tmp_path_factory.mktemp("lecture")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in ("pixels", "lenet5"):
            train("digits", out=name, model=name, epochs=1, quiet=True)
    Image.fromarray(clearsight.open_dataset("digits").parts["test"].source(0)).save(folder / "digit.png")
    Image.fromarray(data.chelsea()).save(folder / "cat.jpg")
    return folder


def typed(words: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["clearsight", *words])
        code = None
        try:
            main()
        except SystemExit as left:
            code = left.code
    assert not code, f"clearsight {shlex.join(words)}: exit code {code}"


def at(document: Any, path: str) -> Any:
    """The value at `layers.0.parameters`."""
    for step in path.split("."):
        document = document[int(step) if isinstance(document, list) else step]
    return document


@pytest.mark.parametrize("run", RUNS)
def test_a_row_runs(run: Run, room: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(room)
    words = shlex.split(run.command)
    if run.figure:
        typed([*words, "--out", str(tmp_path / "figure.png")])
        with Image.open(tmp_path / "figure.png") as figure:
            assert len(set(figure.convert("L").tobytes())) > 2, "an empty figure"
        capsys.readouterr()
    typed([*words, "--json"])
    said = json.loads(capsys.readouterr().out)
    for path, value in run.expect.items():
        assert at(said, path) == pytest.approx(value, abs=1e-6), path


def test_a_number_is_found_by_its_path() -> None:
    assert at({"layers": [{"parameters": 7}]}, "layers.0.parameters") == 7
