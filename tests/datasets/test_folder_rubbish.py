"""Folders as they come off other people's disks: each gives the right classes, or one clear error."""

import errno
import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from clearsight.base.errors import ClearsightError, UnreadableImage, UsageError, listed
from clearsight.datasets.formats import folder as folders
from clearsight.datasets.loader import load
from clearsight.datasets.manifest import apply_manifest, manifest
from clearsight.datasets.open import open_dataset
from clearsight.datasets.split import split
from clearsight.images.preprocess import Preprocessing
from tests.pictures import digit_folder

FIT = Preprocessing(channels=1, height=8, width=8)


def tree(root: Path, *names: str | bytes) -> Path:
    """Small pictures under these names, which may be bytes that are no UTF-8."""
    for name in names:
        path = os.path.join(os.fsencode(root), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            Image.fromarray(np.full((4, 4), len(name) % 256, dtype=np.uint8)).save(file, "PNG")
    return root


def notes(root: Path) -> str:
    return "\n".join(open_dataset(root).notes)


NFC, NFD = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (("🐱/a.png", "חתול/b.png", "猫/c.png"), ("חתול", "猫", "🐱")),
        ((f"{NFC}/a.png", f"{NFD}/b.png", "x/c.png"), ("x", NFC)),
        (("a/é.png", f"a/{NFD}.png", "b/x.png", "b/X.png", "b/x.PNG"), ("a", "b")),
        (("Cat/a.png", "cat/a.png", "CAT/a.png"), ("CAT", "Cat", "cat")),
        (("ca\nt/a\r\n.png", "d\x1b[31mog/b\t.png"), ("ca\nt", "d\x1b[31mog")),
        (("a\u202eb/c.png", "[red]/[bold].png"), ("[red]", "a\u202eb")),
        ((b"\xffcat/a.png", b"dog/\xfe.png"), ("\\udcffcat", "dog")),
        (("a" * 255 + "/1.png", "b/" + "c" * 251 + ".png"), ("a" * 255, "b")),
        (("a/" + "x/" * 200 + "1.png", "b/1.png"), ("a", "b")),
        (("a,b/1,2.png", "'c'/\"d\".png", "=1+1/ .png"), ("'c'", "=1+1", "a,b")),
        (("cat/1.png", "cat/cat/1.png", "dog/cat/1.png"), ("cat", "dog")),
        (("007/1.png", "10/1.png", "9/1.png"), ("007", "9", "10")),
    ],
)
def test_every_picture_is_listed_once_and_comes_back_from_a_manifest(tmp_path, names, classes):
    parts = open_dataset(tree(tmp_path, *names))
    every = parts.parts["all"]
    assert parts.classes == classes
    assert len(set(every.names)) == len(every) == len(names)
    assert load(every, FIT, cache="off").batch(torch.arange(len(every))).shape == (len(names), 1, 8, 8)
    again = apply_manifest(parts, manifest(parts).encode().decode()).parts["all"]
    assert list(again.names) == list(every.names) and again.labels.tolist() == every.labels.tolist()


def test_what_a_reader_takes_for_the_same_is_said(tmp_path):
    assert "classes that read the same, kept apart: 01 and 1, CAT and Cat, dog and dog\\u200b" in notes(
        tree(tmp_path / "a", "Cat/1.png", "CAT/2.png", "dog/1.png", "dog\u200b/1.png", "1/1.png", "01/1.png", "10/1.png", "1.5/1.png")
    )
    assert "folders of the same name, taken as one class: 'dog', 'dog '" in notes(
        tree(tmp_path / "b", "dog/1.png", "dog /2.png", "cat/1.png")
    )
    assert "called 'nan'; if that means a missing label" in notes(tree(tmp_path / "c", "nan/1.png", "naan/2.png"))
    assert open_dataset(tree(tmp_path / "d", "cat/1.png", "dog/2.png", "1/3.png", "2/4.png")).notes == ()


def test_a_class_without_a_name_is_refused(tmp_path):
    with pytest.raises(ClearsightError, match=r"the folder ' ' in .* has no name but blanks"):
        open_dataset(tree(tmp_path, " /1.png", "cat/1.png"))


def test_what_systems_leave_behind_is_no_picture(tmp_path):
    tree(tmp_path, "cat/1.png", "dog/2.png", "cat/._1.png", "@eaDir/1.png", "__MACOSX/cat/1.png", ".thumbnails/1.png")
    for name in ("cat/.DS_Store", "cat/Thumbs.db", "dog/desktop.ini", ".gitignore"):
        (tmp_path / name).write_bytes(b"x")
    parts = open_dataset(tmp_path)
    assert list(parts.parts["all"].names) == ["cat/1.png", "dog/2.png"]
    assert parts.notes == ("6 hidden files or folders left out", "2 files that are no pictures left out: 1 .db, 1 .ini")


def test_the_suffixes_are_those_of_the_decoder(tmp_path):
    every = tree(tmp_path, *(f"cat/1{suffix}" for suffix in (".png", ".apng", ".MPO", ".dib", ".jfif", ".Tif")), "cat/1.svg", "cat/1.txt")
    assert len(open_dataset(every).parts["all"]) == 6


@pytest.mark.parametrize(
    ("names", "classes", "sizes"),
    [
        (("train/cat/1.png", "train/dog/1.png", "val/cat/1.png", "test/dog/1.png"), ("cat", "dog"), {"train": 2, "val": 1, "test": 1}),
        (("val/cat/1.png", "test/dog/1.png"), ("cat", "dog"), {"val": 1, "test": 1}),
        (("train/cat/1.png", "train/test/1.png", "test/cat/1.png"), ("cat", "test"), {"train": 2, "test": 1}),
        (("train/a/train/1.png", "train/b/1.png"), ("a", "b"), {"train": 2}),
        (("train/1.png", "car/1.png", "bus/1.png"), ("bus", "car", "train"), {"all": 3}),
    ],
)
def test_parts_with_classes_of_their_own(tmp_path, names, classes, sizes):
    parts = open_dataset(tree(tmp_path, *names))
    assert parts.classes == classes
    assert {part: len(every) for part, every in parts.parts.items()} == sizes


def test_parts_without_class_folders_are_no_classes(tmp_path):
    with pytest.raises(UsageError, match=r"test/ and train/ in .* hold no class folders"):
        open_dataset(tree(tmp_path, "train/1.png", "train/2.png", "test/3.png"))
    with pytest.raises(UsageError, match=r"test/ and train/ in .* hold no class folders"):
        open_dataset(tree(tmp_path, "masks/1.png"))


def test_a_class_of_one_picture_stays_in_training(tmp_path):
    made = split(open_dataset(tree(tmp_path, "rare/1.png", *(f"cat/{i}.png" for i in range(12)))))
    assert made.parts["train"].counts()[1] == 1
    assert "too few pictures for the test part to have any of: rare" in made.notes
    with pytest.raises(ClearsightError, match="classes of one picture only"):
        split(open_dataset(tree(tmp_path / "few", *(f"{label}/1.png" for label in "abcde"))))


@pytest.mark.parametrize(
    "data",
    ["x" * 5000, "x/" * 3000, "a\0b", Path("a\0b"), "", " ", "\n", "{root}/cat/1.png", "{root}/cat/1.png/x", "{root}/pipe", "{root}/loop"],
)
def test_what_is_no_folder_is_said_in_one_short_line(tmp_path, data):
    tree(tmp_path, "cat/1.png")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UsageError) as caught:
        open_dataset(data.replace("{root}", str(tmp_path)) if isinstance(data, str) else data)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 1000


def test_dangling_links_and_links_outside(tmp_path):
    outside = tree(tmp_path / "outside", "1.png")
    root = tree(tmp_path / "root", "cat/1.png")
    (root / "dog").symlink_to(outside)
    (root / "wolf").symlink_to(tmp_path / "nowhere")
    (root / "cat" / "2.png").symlink_to(outside / "1.png")
    (root / "cat" / "3.png").symlink_to(outside / "gone.png")
    parts = open_dataset(root)
    assert list(parts.parts["all"].names) == ["cat/1.png", "cat/2.png", "dog/1.png"]
    assert "broken links left out: wolf, cat/3.png" in parts.notes


class Denied(os.PathLike):
    """A folder entry as it is under a folder that may be listed but not entered; root never meets one."""

    def __init__(self, entry: os.DirEntry, number: int) -> None:
        self.entry, self.number, self.name, self.path = entry, number, entry.name, entry.path

    def __fspath__(self):
        return self.path

    def is_dir(self):
        return self.entry.is_dir()

    def is_symlink(self):
        return self.entry.is_symlink()

    def stat(self):
        raise OSError(self.number, os.strerror(self.number), self.path)


class Listing(list):
    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None


def test_a_file_that_may_not_be_looked_at_is_an_error_and_one_that_went_away_is_not(tmp_path, monkeypatch):
    tree(tmp_path, "cat/1.png", "cat/se\ncret.png", "dog/1.png")
    real = os.scandir
    for number in (errno.EACCES, errno.ENOENT):

        def listing(path, number=number):
            with real(path) as found:
                return Listing(Denied(entry, number) if "cret" in entry.name else entry for entry in found)

        monkeypatch.setattr(folders.os, "scandir", listing)
        if number == errno.ENOENT:
            assert list(open_dataset(tmp_path).parts["all"].names) == ["cat/1.png", "dog/1.png"]
        else:
            with pytest.raises(ClearsightError, match=r"cannot look at .*cat/se\\ncret.png: Permission denied"):
                open_dataset(tmp_path)


def test_a_folder_that_may_not_be_listed_is_an_error(tmp_path, monkeypatch):
    tree(tmp_path, "cat/1.png", "dog/1.png")
    real = os.scandir

    def listing(path):
        if str(path).endswith("dog"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path)

    monkeypatch.setattr(folders.os, "scandir", listing)
    with pytest.raises(ClearsightError, match=r"cannot list the folder .*dog: Permission denied"):
        open_dataset(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_permissions_of_the_system(tmp_path):
    tree(tmp_path, "cat/1.png", "dog/1.png")
    (tmp_path / "cat" / "1.png").chmod(0)
    with pytest.raises(UnreadableImage, match=r"cat/1\.png: permission denied"):
        load(open_dataset(tmp_path).parts["all"], FIT, cache="memory")
    (tmp_path / "dog").chmod(0)
    with pytest.raises(ClearsightError, match="cannot list the folder"):
        open_dataset(tmp_path)
    (tmp_path / "dog").chmod(0o700)


def test_opening_never_decodes(tmp_path, monkeypatch):
    digit_folder(tmp_path / "digits", per_class=5)
    real = open

    def refuse(path, *rest, **more):
        assert not str(path).endswith(".png"), f"{path} was opened"
        return real(path, *rest, **more)

    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr("io.open", refuse)
    parts = open_dataset(tmp_path / "digits")
    again = apply_manifest(parts, manifest(split(parts)))
    assert sum(map(len, again.parts.values())) == 50


def test_names_in_messages_stay_on_one_line():
    assert listed(["a\nb", "\x1b[31mc", "\udcff", "חתול 🐱 é"]) == "a\\nb, \\x1b[31mc, \\udcff, חתול 🐱 é"
    error = UnreadableImage("a\nb.png", "there is no such file")
    assert str(error) == "cannot read a\\nb.png: there is no such file" and error.source == "a\nb.png"
