"""The set `photos`: files, licences and digests agree, and a folder called `photos` is never confused with it."""

import csv
import shutil
from pathlib import Path

import pytest
from PIL import Image

import clearsight as cs
from clearsight.base.errors import ClearsightError
from clearsight.datasets import named
from clearsight.datasets.open import open_dataset
from clearsight.training.session import described

FOLDER = named.PHOTOS.parent


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def table():
    with named.PHOTOS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def own_folder(here: Path) -> None:
    for label in ("cat", "dog"):
        (here / "photos" / label).mkdir(parents=True)
        Image.new("RGB", (8, 8), "red" if label == "cat" else "blue").save(here / "photos" / label / "1.png")


def test_each_file_has_a_row_and_each_row_a_file(table):
    files = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}
    assert files == {row["path"] for row in table} | {named.PHOTOS.name}
    assert len({row["sha256"] for row in table}) == len(table) == 107
    assert sum((FOLDER / name).stat().st_size for name in files) < 2_500_000  # bytes, of every wheel


def test_each_photograph_is_free_and_says_whose_it_is(table):
    assert {row["licence"] for row in table} == {"public domain", "CC0-1.0"}
    assert all(row["author"] and row["source"].startswith("https://") for row in table)
    assert all(row["path"].split("/")[0] == row["label"] for row in table)
    assert not {"tools/screwDriver.webp", "windmills/windmill6.webp"} & {row["path"] for row in table}  # licence unknown, GPL-2


def test_the_set(here):
    parts = open_dataset("photos")
    data = parts.parts["all"]
    assert parts.name == "photos" and parts.classes == ("fish", "monuments", "tools", "windmills")
    assert data.counts().tolist() == [28, 27, 38, 14]
    assert "sources.csv" in parts.notes[1] and "photographers" in parts.notes[2]
    for i in range(len(data)):
        with Image.open(data.source(i)) as picture:
            assert (picture.mode, picture.format, max(picture.size)) == ("RGB", "WEBP", 320)


def test_a_photographer_is_in_one_part(here):
    parts = cs.split("photos").parts
    for one in ("train", "val", "test"):
        assert set(parts[one].counts() > 0) == {True}
    groups = [set(part.groups) for part in parts.values()]
    assert sum(map(len, groups)) == len(set().union(*groups))


def test_no_two_photographs_are_near_duplicates(here):
    found = cs.check("photos")
    assert (found.duplicates, found.near_duplicates, found.unreadable, found.poisonous) == ([], [], [], [])


def test_a_changed_picture_is_refused(here, monkeypatch):
    shutil.copytree(FOLDER, here / "copy")
    monkeypatch.setattr(named, "PHOTOS", here / "copy" / "sources.csv")
    picture = here / "copy" / "fish" / "fish9.webp"
    picture.write_bytes(picture.read_bytes()[:-1])
    with pytest.raises(ClearsightError, match=r"changed since they were installed: fish/fish9\.webp\. Install again"):
        open_dataset("photos")


def test_a_folder_of_that_name_is_read_and_both_are_noted(here):
    assert open_dataset("photos").notes[0] == "photos is the set of that name, as there is no folder photos here"
    own_folder(here)
    own = open_dataset("photos")
    assert own.classes == ("cat", "dog")
    assert own.notes[0] == "photos is the folder that is here, not the set of that name: that is set:photos"
    assert open_dataset("./photos").classes == open_dataset(Path("photos")).classes == ("cat", "dog")
    assert len(open_dataset("set:photos").parts["all"]) == 107
    assert len(open_dataset("set:digits").classes) == 10


def test_a_file_of_that_name_is_not_read_and_noted(here):
    (here / "photos").write_text("x")
    parts = open_dataset("photos")
    assert len(parts.classes) == 4 and "not the file photos that is here" in parts.notes[0]


def test_a_run_stores_which_of_both_it_was(here):
    parts = cs.split("photos")
    assert described(parts, "photos")["data"] == described(parts, "set:photos")["data"] == "set:photos"
    own_folder(here)
    assert described(parts, "photos")["data"] == str((here / "photos").resolve())
    (here / "digits").mkdir()
    assert described(parts, "digits")["data"] == "digits"
    assert described(parts, "./digits")["data"] == str((here / "digits").resolve())


def test_a_run_on_the_set_is_judged_on_it_next_to_a_folder_of_that_name(here):
    run = cs.train("photos", model="pixels", epochs=1, size=16, speed="plain", out=str(here / "run"), quiet=True)
    own_folder(here)
    judged = cs.evaluate(run.run)
    assert judged.to_json()["n"] == len(cs.split("set:photos").parts["test"]) == 22
