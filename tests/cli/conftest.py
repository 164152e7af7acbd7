"""The command line as its user has it: words in; exit code, stdout and stderr out."""

import io
import shutil
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from clearsight.base import code
from clearsight.cli import main


@dataclass
class Said:
    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
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
