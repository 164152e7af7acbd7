"""Pictures of noise with RANDOM labels, runs that know them by heart, and the command line over both."""

import contextlib
import io
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clearsight.cli import main
from tests.undrawn import undrawn

__all__ = ["undrawn"]
SIDE, COUNT = 16, 300
BY_HEART = ("--model", "pixels", "--optimizer", "lbfgs", "--l2", "1e-6")  # more weights than pictures: all are separable


@dataclass
class Said:
    words: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict:
        return json.loads(self.out)


def call(*words: object) -> Said:
    """What the command line answers to `words`, in this process."""
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["clearsight", *map(str, words)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main()
                code = 0
            except SystemExit as left:
                code = int(left.code or 0)
    finally:
        sys.argv = before
    return Said(tuple(map(str, words)), code, out.getvalue(), err.getvalue())


def noise(rng: np.random.Generator, count: int, shape: tuple[int, ...] = (SIDE, SIDE)) -> list[np.ndarray]:
    return [rng.integers(0, 256, shape, dtype=np.uint8) for _ in range(count)]


def write(folder: Path, pictures: list[np.ndarray], labels: np.ndarray, end: str = "png") -> Path:
    for at, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        path = folder / "ab"[label] / f"{at:03d}.{end}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory, undrawn):
    """A folder to work in, with a cache of its own, for all tests of a module; no chart is drawn, for the figures are JSON's."""
    folder, before = tmp_path_factory.mktemp("honesty"), Path.cwd()
    os.chdir(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLEARSIGHT_CACHE", str(folder / "cache"))
        patch.setenv("NO_COLOR", "1")
        yield folder
    os.chdir(before)


@pytest.fixture(autouse=True)
def _own_cache(home, monkeypatch):
    """One cache for the module: a cache for each test would hide what a stale one serves."""
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(home / "cache"))
    monkeypatch.chdir(home)


@pytest.fixture(scope="module")
def trained(home):
    """`noise`, 300 pictures under random labels, and runs/A (seed 0) and runs/B (another division) that know theirs by heart."""
    rng = np.random.default_rng(20261129)
    write(home / "noise", noise(rng, COUNT), rng.integers(0, 2, COUNT))
    for name, *more in (("A",), ("B", "--split-seed", "1")):
        said = call("train", "noise", *BY_HEART, "--out", name, "--quiet", *more)
        assert said.code == 0, said.err
    return home
