"""Scripts run each in a process and folder of its own, forked from one that has imported everything."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]
OWN = ("CLEARSIGHT_CACHE", "TORCH_HOME", "KERAS_HOME", "HF_HUB_CACHE", "NO_COLOR")  # of each test


@pytest.fixture(scope="package")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path, Path], SimpleNamespace]]:
    """`forked(script, folder)`: what `python script` in a folder ends with (`returncode`), prints and says."""
    said = tmp_path_factory.mktemp("said")
    environment = {**os.environ, "MPLBACKEND": "agg", "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "tests.examples.forking"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(script: Path, folder: Path) -> SimpleNamespace:
        files = {"out": str(said / "out"), "error": str(said / "error")}
        own = {name: os.environ[name] for name in OWN}
        request = {"script": str(script), "folder": str(folder), "environment": own, **files}
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        code = int(process.stdout.readline())
        out, error = ((said / name).read_text(encoding="utf-8") for name in ("out", "error"))
        return SimpleNamespace(returncode=code, stdout=out, stderr=error)

    assert process.stdout.readline() == "ready\n"
    yield run
    process.stdin.close()
    assert process.wait(60) == 0
    process.stdout.close()
