"""The command line as its user has it: words in; exit code, stdout and stderr out."""

import io
import json
import shutil
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from clearsight.base import code
from clearsight.cli import main
from tests.pictures import digit_folder

ROAD = ("--model", "pixels", "--epochs", "6", "--lr", "0.02", "--speed", "plain")


@dataclass
class Said:
    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """`trained_once(folder, *words)` copies to `folder` the `runs/` that `clearsight train` made of `words`, once; returns its stdout."""
    kept: dict[tuple[str, ...], tuple[Path, str]] = {}

    def copied(folder: Path, *words: object) -> str:
        line = tuple(map(str, words))
        if line not in kept:
            root, out = tmp_path_factory.mktemp("trained"), io.StringIO()
            with pytest.MonkeyPatch.context() as patch, redirect_stdout(out):
                patch.chdir(root)
                patch.setattr(sys, "argv", ["clearsight", "train", *line])
                with pytest.raises(SystemExit) as left:
                    main()
            assert not left.value.code
            kept[line] = root / "runs", out.getvalue()
        runs, said = kept[line]
        shutil.copytree(runs, folder / "runs")
        return said

    return copied


@pytest.fixture
def clearsight(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Said:
        monkeypatch.setattr(code, "_ALLOWED", set())  # a command is a process of its own
        monkeypatch.setattr(sys, "argv", ["clearsight", *map(str, words)])
        capsys.readouterr()
        try:
            main()
            left = 0
        except SystemExit as error:
            left = int(error.code or 0)
        captured = capsys.readouterr()
        return Said(left, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 digits of four classes, as files."""
    return digit_folder(tmp_path_factory.mktemp("digits") / "scans", per_class=30, classes=4)


@pytest.fixture
def trained(trained_once: Callable[..., str], scans: Path, tmp_path: Path) -> dict[str, Any]:
    """What `train --json` says of a run on the scans, which is in `runs/first`."""
    return json.loads(trained_once(tmp_path, scans, *ROAD, "--out", "first", "--json"))


@pytest.fixture
def picture(tmp_path: Path) -> str:
    """A file of noise, in colour."""
    path = tmp_path / "noise.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)).save(path)
    return str(path)
