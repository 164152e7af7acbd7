"""Code that a file names runs only with --allow-code; what is typed is the user's own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from clearsight.base import code
from clearsight.base.errors import UsageError
from clearsight.classifier import load
from clearsight.training.api import resume, train
from tests.pictures import digit_folder

EVIL = "from pathlib import Path\nPath({!r}).touch()\n\n\ndef change(picture):\n    return picture\n"
ROAD = ("--epochs", "1", "--speed", "plain", "--quiet")


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A module that leaves a mark when it is imported, on the path; a recipe file that names it; data."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "evil_aug.py").write_text(EVIL.format(str(tmp_path / "PWNED")))
    monkeypatch.syspath_prepend(str(tmp_path / "modules"))
    monkeypatch.setitem(sys.modules, "evil_aug", None)
    monkeypatch.delitem(sys.modules, "evil_aug")
    monkeypatch.setattr(code, "_ALLOWED", set())
    (tmp_path / "r.toml").write_text('model = "pixels"\naugment = "flip @evil_aug:change"\n')
    digit_folder(tmp_path / "data", per_class=8, classes=2)
    return tmp_path


def refused(said, marks: Path, file: str) -> None:
    assert said.code == 2 and said.out == "" and len(said.err.strip().splitlines()) == 1, said.err
    assert f"{file} names code to run: @evil_aug:change" in said.err and "--allow-code" in said.err
    assert not (marks / "PWNED").exists()


def test_a_recipe_file(clearsight, world):
    refused(clearsight("train", "data", "--recipe", "r.toml", *ROAD), world, "r.toml")
    refused(clearsight("train", "data", "--recipe", "r.toml", "--ensemble", "2", *ROAD), world, "r.toml")
    refused(clearsight("labels", "errors", "data", "--recipe", "r.toml", "--model", "pixels", "--folds", "2"), world, "r.toml")
    with pytest.raises(UsageError, match="allow_code=True"):
        train("data", recipe="r.toml", quiet=True)
    assert clearsight("train", "data", "--recipe", "r.toml", "--augment", "flip", "--out", "own", *ROAD).code == 0
    assert not (world / "PWNED").exists(), "what the file says is overridden"
    (world / "s.toml").write_text('augment = "flip @evil_aug:change"\nrecipe = "simclr"\n')
    refused(clearsight("pretrain", "data", "--recipe", "s.toml", *ROAD), world, "s.toml")
    assert clearsight("train", "data", "--recipe", "r.toml", "--allow-code", "--out", "allowed", *ROAD).code == 0
    assert (world / "PWNED").exists()


def test_what_is_typed_is_ones_own_and_a_resume_asks(clearsight, world):
    said = clearsight("train", "data", "--model", "pixels", "--augment", "@evil_aug:change", "--out", "typed", *ROAD)
    assert said.code == 0 and (world / "PWNED").exists(), said.err
    (world / "PWNED").unlink()
    assert "--allow-code" in (world / "runs/typed/recipe.toml").read_text().splitlines()[0]
    refused(clearsight("train", "--resume", "runs/typed", "--quiet"), world, "runs/typed/recipe.toml")
    code._ALLOWED.clear()
    with pytest.raises(UsageError, match="allow_code=True"):
        resume("runs/typed", quiet=True)
    for words in (("evaluate", "runs/typed"), ("stress", "runs/typed", "--only", "fog", "--severity", "1"), ("verify", "runs/typed")):
        assert clearsight(*words, *(("--quiet",) if words[0] != "verify" else ())).code == 0
    load("runs/typed")
    assert not (world / "PWNED").exists(), "judging and opening run nothing"
    assert clearsight("train", "--resume", "runs/typed", "--allow-code", "--quiet").code == 0


def test_an_ensemble_of_ones_own_words_is_trained_to_its_end(clearsight, world):
    words = ("--model", "pixels", "--augment", "@evil_aug:change", "--ensemble", "2", "--out", "many")
    assert clearsight("train", "data", *words, *ROAD).code == 0
    (world / "runs/many/config.json").unlink()
    (world / "runs/many/members/2/config.json").unlink()
    refused_first = clearsight("train", "--resume", "runs/many", "--quiet")
    assert refused_first.code == 2 and "--allow-code" in refused_first.err
    assert clearsight("train", "--resume", "runs/many", "--allow-code", "--quiet").code == 0


def test_the_current_folder_is_no_place_for_modules(tmp_path):
    """`python -m clearsight` in a folder of data: a timm.py there is not run in place of a package that is not installed."""
    (tmp_path / "timm.py").write_text(EVIL.format("PWNED"))
    (tmp_path / "evil_aug.py").write_text(EVIL.format("PWNED"))
    digit_folder(tmp_path / "data", per_class=4, classes=2)
    import clearsight

    own = {"PYTHONPATH": str(Path(clearsight.__file__).parent.parent), "CLEARSIGHT_CACHE": str(tmp_path / "cache")}
    words = ("train", "data", "--model", "pixels", "--augment", "@evil_aug:change", "--epochs", "1", "--quiet")
    for more in (("models", "timm:x"), words):
        done = subprocess.run(
            [sys.executable, "-m", "clearsight", *more],
            cwd=tmp_path,
            env={**os.environ, **own},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode != 0 and not (tmp_path / "PWNED").exists(), done.stderr
    assert "PYTHONPATH" in done.stderr
