"""Whatever a file, a folder or a class is called: a terminal is told nothing, and programs get the name as it is."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from clearsight import models
from clearsight.base.errors import plain
from clearsight.classifier import Classifier, artefact
from clearsight.images.preprocess import Preprocessing

NAMES = (
    "\x1b]0;title\x07",
    "two\nlines",
    "back\b\b\b\r",
    "[bold",
    "]",
    "[bold]",
    "\x9b31m",
    "\u202eright",
    "\u2028",
    os.fsdecode(b"\xff\xfe"),
    "e\u0301",
    "猫",
)


@pytest.fixture
def folder(tmp_path):
    model = models.build("pixels", 2, channels=1, height=4, width=4, seed=0)
    preprocessing = Preprocessing(channels=1, height=4, width=4)
    artefact.save(Classifier(model, preprocessing, ("\x1b[31mred", "[/green]"), architecture="pixels"), tmp_path / "model")
    (tmp_path / "pictures").mkdir()
    for name in NAMES:
        Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "pictures" / f"{name}.png")
        (tmp_path / "pictures" / f"{name} bad.png").write_bytes(b"bad")
    return tmp_path


def test_names_of_files_and_classes_say_nothing_to_a_terminal(folder):
    words = [sys.executable, "-m", "clearsight", "classify", "model", "pictures"]
    done = subprocess.run(words, cwd=folder, capture_output=True, env=os.environ | {"COLUMNS": "400", "PYTHONIOENCODING": "utf-8"})
    assert done.returncode == 1
    errors, rows = done.stderr.decode().splitlines(), done.stdout.decode().splitlines()
    assert len(errors) == len(NAMES) and all(line.startswith("clearsight: cannot read pictures/") for line in errors)
    assert len(rows) == len(NAMES) + 1
    assert all(line.isprintable() for line in errors + rows)
    for name in NAMES:
        assert any(plain(f"{name}.png") in row for row in rows) and any(plain(f"{name} bad.png") in line for line in errors)


def test_programs_get_the_names_as_they_are(clearsight, folder):
    said = clearsight("classify", "model", "pictures", "--json")
    assert said.out.strip().isprintable()
    sources = {answer["source"] for answer in json.loads(said.out)}
    assert sources == {f"pictures/{name}{end}" for name in NAMES for end in (".png", " bad.png")}


def test_an_error_is_one_line_whatever_it_names(clearsight):
    for name in NAMES:
        said = clearsight("verify", f"no{name}where")
        assert said.code == 2 and said.err.startswith("clearsight: no classifier at no") and said.err.rstrip("\n").isprintable()


def test_plain():
    assert plain("a\x1b[0m\n\x9b\u202e\udcff") == r"a\x1b[0m\n\x9b\u202e\udcff"
    assert plain("Kätzchen 猫 می‌خواهم") == "Kätzchen 猫 می‌خواهم"
